//! Names that look like a wanted one, for error texts.

/// Up to three of `candidates` that are a few edits from `name` or begin with
/// it, best first.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let reach = (name.len() / 2).clamp(1, 3);
    let begins = |candidate: &str| name.len() > 1 && candidate.starts_with(name);
    let mut ranked: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter(|candidate| candidate.len().abs_diff(name.len()) <= reach || begins(candidate))
        .map(|candidate| (edit_distance(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= reach || begins(candidate))
        .collect();
    ranked.sort_unstable();
    ranked.dedup();
    ranked.into_iter().take(3).map(|(_, candidate)| candidate.to_owned()).collect()
}

/// The tail of an error text that offers `nearest`.
pub(crate) fn suggestion(nearest: &[String]) -> String {
    if nearest.is_empty() { String::new() } else { format!("; did you mean {}?", nearest.join(" or ")) }
}

/// The Levenshtein distance of two short names.
fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, from) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn close_names_are_found_best_first() {
        assert_eq!(nearest("prinft", ["printf", "print", "puts", "sprintf"]), ["print", "printf", "sprintf"]);
        assert_eq!(nearest("crc", ["main", "crc32"]), ["crc32"]);
        assert!(nearest("q", ["main", "exit", "quit"]).is_empty());
    }
}
