//! Decision trees: which constructor of a table matches.

use super::pattern::Alternative;

/// Lists of at most so many patterns are searched one by one.
const SMALL: usize = 3;
/// Longer lists are ordered by the number of their bits only.
const MANY: usize = 1024;
/// The widest window in bits.
const MAX_WINDOW: u32 = 8;
/// How deep a tree may be.
const MAX_DEPTH: u32 = 40;

/// A window of bits that a node looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) is_context: bool,
    /// The first bit, counted from the beginning.
    pub(crate) start: u32,
    pub(crate) bits: u32,
}

#[derive(Debug)]
pub(crate) enum Node {
    /// Patterns by number, the most special ones first.
    Leaf(Vec<usize>),
    Split(Window, Vec<Node>),
}

/// Builds the tree of patterns, which are in the order of the specification.
pub(crate) fn build(patterns: &[Alternative]) -> Node {
    let all: Vec<usize> = (0..patterns.len()).collect();
    let mut room = 64 * patterns.len() + 4096;
    split(patterns, &all, 0, &mut room)
}

fn split(patterns: &[Alternative], list: &[usize], depth: u32, room: &mut usize) -> Node {
    if list.len() <= SMALL || depth >= MAX_DEPTH || *room == 0 {
        return Node::Leaf(order(patterns, list));
    }
    let Some(window) = choose(patterns, list) else { return Node::Leaf(order(patterns, list)) };
    let children = (0..1u64 << window.bits)
        .map(|value| {
            let kept: Vec<usize> =
                list.iter().copied().filter(|index| admits(&patterns[*index], window, value)).collect();
            *room = room.saturating_sub(kept.len() + 1);
            split(patterns, &kept, depth + 1, room)
        })
        .collect();
    Node::Split(window, children)
}

/// Puts the patterns that match less before those that match more.
///
/// Each pattern goes before the first one that it specialises. Patterns that
/// do not say anything of each other stay in the order of the text.
fn order(patterns: &[Alternative], list: &[usize]) -> Vec<usize> {
    let mut ordered: Vec<usize> = Vec::with_capacity(list.len());
    if list.len() > MANY {
        // What specialises speaks of more bits, or asks for more.
        ordered.extend(list);
        ordered.sort_by_key(|index| {
            let Alternative { context, instruction, whole_context, whole_instruction } = &patterns[*index];
            let whole = whole_context.count_ones() + whole_instruction.count_ones();
            std::cmp::Reverse((whole, context.mask.count_ones() + instruction.mask.count_ones()))
        });
        return ordered;
    }
    for index in list {
        let before = ordered.iter().position(|other| patterns[*index].specialises(&patterns[*other]));
        ordered.insert(before.unwrap_or(ordered.len()), *index);
    }
    ordered
}

/// The mask and value of a pattern in a window.
fn window_of(pattern: &Alternative, window: Window) -> (u64, u64) {
    let bits = if window.is_context { pattern.context } else { pattern.instruction };
    let shift = 128 - window.start - window.bits;
    let all = (1u128 << window.bits) - 1;
    ((bits.mask >> shift & all) as u64, (bits.value >> shift & all) as u64)
}

fn admits(pattern: &Alternative, window: Window, value: u64) -> bool {
    let (mask, wanted) = window_of(pattern, window);
    value & mask == wanted
}

/// The window that leaves least to search.
fn choose(patterns: &[Alternative], list: &[usize]) -> Option<Window> {
    // The bits that most patterns ask for.
    let mut counts = [[0u32; 128]; 2];
    for index in list {
        let pattern = &patterns[*index];
        for (kind, mask) in [pattern.instruction.mask, pattern.context.mask].into_iter().enumerate() {
            let mut rest = mask;
            while rest != 0 {
                let bit = rest.leading_zeros();
                counts[kind][bit as usize] += 1;
                rest &= !(1 << (127 - bit));
            }
        }
    }
    let most = counts.iter().flatten().copied().max().filter(|most| *most > 0)?;
    let enough = most - most / 8;
    let mut best: Option<(f64, Window)> = None;
    for (kind, counts) in counts.iter().enumerate() {
        let mut start = 0u32;
        while start < 128 {
            if counts[start as usize] < enough {
                start += 1;
                continue;
            }
            let run = (start..128).take_while(|bit| counts[*bit as usize] >= enough).count() as u32;
            for first in start..start + run {
                let longest = (start + run - first).min(MAX_WINDOW);
                for bits in 1..=longest {
                    let window = Window { is_context: kind == 1, start: first, bits };
                    let cost = cost(patterns, list, window);
                    if best.is_none_or(|(least, _)| cost < least) {
                        best = Some((cost, window));
                    }
                }
            }
            start += run;
        }
    }
    let (cost, window) = best?;
    // It must make the lists shorter.
    (cost < list.len() as f64 * 0.95).then_some(window)
}

/// How many patterns are left after looking at a window: the mean over the
/// patterns, plus a little for the size of the node and for what stands in
/// several children.
fn cost(patterns: &[Alternative], list: &[usize], window: Window) -> f64 {
    let size = 1usize << window.bits;
    let mut bins = [0u32; 1 << MAX_WINDOW];
    let mut everywhere = 0u32;
    let all = size as u64 - 1;
    for index in list {
        let (mask, value) = window_of(&patterns[*index], window);
        if mask == all {
            bins[value as usize] += 1;
        } else if mask == 0 {
            everywhere += 1;
        } else {
            // In every bin that it admits.
            let mut free = !mask & all;
            loop {
                bins[(value | free) as usize] += 1;
                if free == 0 {
                    break;
                }
                free = (free - 1) & !mask & all;
            }
        }
    }
    let mut total = 0f64;
    let mut sum = 0f64;
    for bin in &bins[..size] {
        let length = f64::from(bin + everywhere);
        sum += length * length;
        total += length;
    }
    let all = list.len() as f64;
    // A window that most patterns do not ask for would make the tree explode.
    if total == 0.0 || total > 1.5 * all + 8.0 {
        return f64::MAX;
    }
    sum / total * (total / all) + size as f64 / 64.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::pattern::Bits;

    fn pattern(mask: u8, value: u8) -> Alternative {
        let bits = |byte: u8| u128::from(byte) << 120;
        Alternative {
            instruction: Bits { mask: bits(mask), value: bits(value) },
            whole_instruction: bits(mask),
            ..Alternative::default()
        }
    }

    fn find(node: &Node, patterns: &[Alternative], byte: u8) -> Option<usize> {
        match node {
            Node::Leaf(list) => list.iter().copied().find(|index| {
                let bits = patterns[*index].instruction;
                (u128::from(byte) << 120) & bits.mask == bits.value
            }),
            Node::Split(window, children) => {
                let value = (u128::from(byte) << 120) >> (128 - window.start - window.bits);
                find(&children[(value as u64 & ((1 << window.bits) - 1)) as usize], patterns, byte)
            }
        }
    }

    #[test]
    fn the_tree_finds_what_a_search_finds() {
        let mut patterns = Vec::new();
        for value in 0..40u8 {
            patterns.push(pattern(0xfc, value << 2));
            patterns.push(pattern(0xff, value * 5));
        }
        patterns.push(pattern(0, 0));
        let tree = build(&patterns);
        let all: Vec<usize> = (0..patterns.len()).collect();
        for byte in 0..=255 {
            let expected = order(&patterns, &all).into_iter().find(|index| {
                byte & (patterns[*index].instruction.mask >> 120) as u8
                    == (patterns[*index].instruction.value >> 120) as u8
            });
            let found = find(&tree, &patterns, byte);
            // Equal patterns may be found in either place.
            assert_eq!(found.map(|it| patterns[it]), expected.map(|it| patterns[it]), "{byte:#x}");
        }
    }
}
