//! The search: leftmost, and the longest there.
//!
//! All ways are gone, the greedy ones first. Without references back, what
//! follows depends on the instruction and on the place only, so that each pair
//! is gone once; with them, ways are counted.

use super::{
    parse::{Place, Program, Step, characters},
    sets::{cases, is_word},
    syntax::{DOT_NEWLINE, DOT_NOT_NULL},
};

/// What became of a search.
pub(super) enum Searched {
    /// The whole match and its parts: from and to, in bytes.
    Found(Vec<Option<(usize, usize)>>),
    Nothing,
    /// It would need more memory or time than there should be.
    TooMuch,
}

/// So many pairs of instructions and places are remembered, and so many steps
/// are gone with references.
const MOST_PAIRS: usize = 1 << 28;
const MOST_STEPS: usize = 1 << 22;

type Notes = Vec<Option<usize>>;

/// Where a match may begin, in which order that is tried, and where it ends at the
/// latest, in bytes.
pub(super) struct Wanted {
    pub(super) starts: std::ops::RangeInclusive<usize>,
    pub(super) backwards: bool,
    pub(super) stop: usize,
}

struct Search<'a> {
    program: &'a Program,
    text: &'a [u32],
    /// What is behind it is not matched.
    limit: usize,
    not_begin: bool,
    not_end: bool,
    gone: Vec<u64>,
    steps: usize,
    best: Option<(usize, Notes)>,
}

impl Program {
    /// Searches a text.
    pub(super) fn search(&self, text: &[u8], not_begin: bool, not_end: bool) -> Searched {
        let wanted = Wanted { starts: 0..=text.len(), backwards: false, stop: text.len() };
        self.search_from(text, &wanted, not_begin, not_end)
    }

    /// Searches for what begins and ends at wanted places.
    pub(super) fn search_from(
        &self,
        text: &[u8],
        wanted: &Wanted,
        not_begin: bool,
        not_end: bool,
    ) -> Searched {
        let (text, places) = characters(text, self.options.characters);
        let pairs = self.steps.len().saturating_mul(text.len() + 1);
        if pairs > MOST_PAIRS {
            return Searched::TooMuch;
        }
        let mut search = Search {
            program: self,
            text: &text,
            limit: places.partition_point(|place| *place <= wanted.stop).saturating_sub(1),
            not_begin,
            not_end,
            gone: vec![0; if self.references { 0 } else { pairs.div_ceil(64) }],
            steps: 0,
            best: None,
        };
        let all = 0..=text.len();
        let ordered: Box<dyn Iterator<Item = usize>> =
            if wanted.backwards { Box::new(all.rev()) } else { Box::new(all) };
        for start in ordered.filter(|start| wanted.starts.contains(&places[*start])) {
            // What was gone from an earlier start has found nothing.
            if !search.from(start) {
                return Searched::TooMuch;
            }
            if let Some((end, notes)) = search.best {
                let mut all = vec![Some((places[start], places[end]))];
                for part in 1..=self.parts {
                    let pair = (notes[2 * part], notes[2 * part + 1]);
                    all.push(match pair {
                        (Some(from), Some(to)) => Some((places[from], places[to])),
                        _ => None,
                    });
                }
                return Searched::Found(all);
            }
        }
        Searched::Nothing
    }
}

impl Search<'_> {
    fn is_new(&mut self, step: usize, at: usize) -> bool {
        if self.gone.is_empty() {
            return true;
        }
        let pair = step * (self.text.len() + 1) + at;
        let (word, bit) = (pair / 64, 1_u64 << (pair % 64));
        let new = self.gone[word] & bit == 0;
        self.gone[word] |= bit;
        new
    }

    /// All ways from a place; `false` if there are too many.
    fn from(&mut self, start: usize) -> bool {
        let program = self.program;
        let folds = program.options.folds;
        let mut ways: Vec<(usize, usize, Notes)> = vec![(0, start, vec![None; 2 * (program.parts + 1)])];
        while let Some((mut step, mut at, mut notes)) = ways.pop() {
            loop {
                if !self.is_new(step, at) {
                    break;
                }
                if self.gone.is_empty() {
                    self.steps += 1;
                    if self.steps > MOST_STEPS {
                        return false;
                    }
                }
                let here = self.text.get(at).copied().filter(|_| at < self.limit);
                let goes = match &program.steps[step] {
                    Step::Character(wanted) => here.is_some_and(|it| same(it, *wanted, folds)),
                    Step::Any => {
                        let has = |bit| program.options.has(bit);
                        here.is_some_and(|it| match it {
                            0 => !has(DOT_NOT_NULL),
                            0xa => has(DOT_NEWLINE),
                            _ => true,
                        })
                    }
                    Step::Set(set) => here.is_some_and(|it| set.has(it)),
                    Step::At(place) => {
                        if !self.holds(*place, at) {
                            break;
                        }
                        step += 1;
                        continue;
                    }
                    Step::Reference(part) => {
                        let (Some(from), Some(to)) = (notes[2 * part], notes[2 * part + 1]) else { break };
                        let length = to.saturating_sub(from);
                        let Some(there) = self.text[..self.limit].get(at..at + length) else { break };
                        let before = &self.text[from..to];
                        if !before.iter().zip(there).all(|(one, other)| same(*one, *other, folds)) {
                            break;
                        }
                        at += length;
                        step += 1;
                        continue;
                    }
                    Step::Note(index) => {
                        notes[*index] = Some(at);
                        step += 1;
                        continue;
                    }
                    Step::Split(one, other) => {
                        ways.push((*other, at, notes.clone()));
                        step = *one;
                        continue;
                    }
                    Step::Jump(to) => {
                        // A repetition of nothing would go on for ever.
                        if program.references && *to < step && ways.len() > self.text.len() + 4096 {
                            break;
                        }
                        step = *to;
                        continue;
                    }
                    Step::Found => {
                        if self.best.as_ref().is_none_or(|(end, _)| at > *end) {
                            self.best = Some((at, notes));
                        }
                        break;
                    }
                };
                if !goes {
                    break;
                }
                at += 1;
                step += 1;
            }
            // It cannot be longer.
            if self.best.as_ref().is_some_and(|(end, _)| *end == self.limit) {
                return true;
            }
        }
        true
    }

    fn holds(&self, place: Place, at: usize) -> bool {
        let newline =
            |character: Option<&u32>| self.program.options.newline && character == Some(&u32::from('\n'));
        let before = at.checked_sub(1).and_then(|it| self.text.get(it));
        let after = self.text.get(at);
        let words = (before.is_some_and(|it| is_word(*it)), after.is_some_and(|it| is_word(*it)));
        match place {
            Place::LineStart => at == 0 && !self.not_begin || newline(before),
            Place::LineEnd => after.is_none() && !self.not_end || newline(after),
            Place::TextStart => at == 0,
            Place::TextEnd => after.is_none(),
            Place::WordStart => words == (false, true),
            Place::WordEnd => words == (true, false),
            Place::WordEdge => words.0 != words.1,
            Place::NoWordEdge => words.0 == words.1,
        }
    }
}

fn same(one: u32, other: u32, folds: bool) -> bool {
    one == other || folds && cases(one).iter().any(|it| cases(other).contains(it))
}
