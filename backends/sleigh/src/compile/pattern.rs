//! Patterns as bits: which bits of the instruction and of the context must
//! have which value.
//!
//! Bits are counted from the beginning: bit 0 is the highest of the first
//! byte, at bit 127 of the masks. What is shifted by a token is shifted right.

use super::symbols::{Place, TokenDefinition};

/// How many alternatives one pattern may have.
pub(crate) const MAX_ALTERNATIVES: usize = 1 << 13;
/// How many bytes of an instruction a pattern may look at.
pub(crate) const MAX_BYTES: u32 = 16;

/// Bits that must all have their values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Bits {
    pub(crate) mask: u128,
    pub(crate) value: u128,
}

impl Bits {
    /// Both; `None` if they contradict each other.
    fn and(self, other: Self) -> Option<Self> {
        if (self.value ^ other.value) & self.mask & other.mask != 0 {
            return None;
        }
        Some(Self { mask: self.mask | other.mask, value: self.value | other.value })
    }

    fn common(self, other: Self) -> Self {
        let mask = self.mask & other.mask & !(self.value ^ other.value);
        Self { mask, value: self.value & mask }
    }

    /// Whether all that matches this matches `other` as well.
    fn implies(self, other: Self) -> bool {
        other.mask & !self.mask == 0 && (self.value ^ other.value) & other.mask == 0
    }
}

/// One alternative of a pattern.
///
/// The whole fields that constraints speak of are remembered as well: for
/// Ghidra `field != 0` is as many alternatives as it admits values, each with
/// all bits of the field. So it is as special as `field = 1`, though it asks
/// for fewer bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Alternative {
    pub(crate) context: Bits,
    pub(crate) instruction: Bits,
    /// The bits of all fields of the context that are spoken of.
    pub(crate) whole_context: u128,
    /// The same of the instruction.
    pub(crate) whole_instruction: u128,
}

impl Alternative {
    fn and(self, other: Self) -> Option<Self> {
        Some(Self {
            context: self.context.and(other.context)?,
            instruction: self.instruction.and(other.instruction)?,
            whole_context: self.whole_context | other.whole_context,
            whole_instruction: self.whole_instruction | other.whole_instruction,
        })
    }

    /// Whether this, where both match, is the more special one.
    pub(crate) fn specialises(&self, other: &Self) -> bool {
        if self.and(*other).is_none()
            || other.whole_context & !self.whole_context != 0
            || other.whole_instruction & !self.whole_instruction != 0
        {
            return false;
        }
        if (self.whole_context, self.whole_instruction) != (other.whole_context, other.whole_instruction) {
            return true;
        }
        self != other && self.context.implies(other.context) && self.instruction.implies(other.instruction)
    }
}

/// A pattern with the tokens that it stretches over.
#[derive(Debug, Clone)]
pub(crate) struct TokenPattern {
    /// None: it matches never.
    pub(crate) alternatives: Vec<Alternative>,
    pub(crate) tokens: Vec<usize>,
    pub(crate) left_ellipsis: bool,
    pub(crate) right_ellipsis: bool,
}

impl Default for TokenPattern {
    fn default() -> Self {
        Self::always()
    }
}

impl TokenPattern {
    pub(crate) fn always() -> Self {
        Self {
            alternatives: vec![Alternative::default()],
            tokens: Vec::new(),
            left_ellipsis: false,
            right_ellipsis: false,
        }
    }

    /// A token of which nothing is asked.
    pub(crate) fn any_token(token: usize) -> Self {
        Self { tokens: vec![token], ..Self::always() }
    }

    /// A field has one of the values in `ranges`, which are raw bits.
    pub(crate) fn field(place: Place, tokens: &[TokenDefinition], ranges: &[(u64, u64)]) -> Self {
        let mut alternatives = Vec::new();
        let width = match place {
            Place::Token(_, low, high) => high - low + 1,
            Place::Context(high, low) => low - high + 1,
        };
        for (first, last) in ranges {
            for (value, free) in blocks(*first, *last, width) {
                // The highest `width - free` bits are fixed.
                let mut bits = Bits::default();
                let mut whole = 0;
                for bit in 0..width {
                    let position = match place {
                        Place::Context(_, low) => low - bit,
                        Place::Token(token, low, _) => token_bit(&tokens[token], low + bit),
                    };
                    let single = 1u128 << (127 - position);
                    whole |= single;
                    if bit >= free {
                        bits.mask |= single;
                        if value >> bit & 1 != 0 {
                            bits.value |= single;
                        }
                    }
                }
                alternatives.push(match place {
                    Place::Token(..) => {
                        Alternative { instruction: bits, whole_instruction: whole, ..Alternative::default() }
                    }
                    Place::Context(..) => {
                        Alternative { context: bits, whole_context: whole, ..Alternative::default() }
                    }
                });
            }
        }
        let tokens = match place {
            Place::Token(token, ..) => vec![token],
            Place::Context(..) => Vec::new(),
        };
        Self { alternatives, tokens, left_ellipsis: false, right_ellipsis: false }
    }

    /// The bytes of the tokens.
    pub(crate) fn length(&self, tokens: &[TokenDefinition]) -> u32 {
        self.tokens.iter().map(|token| tokens[*token].size).sum()
    }

    pub(crate) fn is_variable(&self) -> bool {
        self.left_ellipsis || self.right_ellipsis
    }

    /// Both, aligned by their tokens.
    pub(crate) fn and(&self, other: &Self, tokens: &[TokenDefinition]) -> Result<Self, String> {
        let aligned = align(self, other, tokens)?;
        Ok(Self { alternatives: product(self, other, aligned.shift)?, ..aligned.pattern })
    }

    /// Either, aligned by their tokens.
    pub(crate) fn or(&self, other: &Self, tokens: &[TokenDefinition]) -> Result<Self, String> {
        let aligned = align(self, other, tokens)?;
        let mut alternatives = shifted(&self.alternatives, (-aligned.shift).max(0))?;
        let mut seen: hashbrown::HashSet<Alternative> = alternatives.iter().copied().collect();
        for alternative in shifted(&other.alternatives, aligned.shift.max(0))? {
            if seen.insert(alternative) {
                alternatives.push(alternative);
            }
        }
        if alternatives.len() > MAX_ALTERNATIVES {
            return Err(format!("the pattern has more than {MAX_ALTERNATIVES} alternatives"));
        }
        Ok(Self { alternatives, ..aligned.pattern })
    }

    /// This, then the other.
    pub(crate) fn then(&self, other: &Self, tokens: &[TokenDefinition]) -> Result<Self, String> {
        let mut result = Self {
            alternatives: Vec::new(),
            tokens: self.tokens.clone(),
            left_ellipsis: self.left_ellipsis,
            right_ellipsis: self.right_ellipsis,
        };
        let shift = if self.right_ellipsis || other.left_ellipsis {
            if self.right_ellipsis && !other.is_true() || other.left_ellipsis && !self.is_true() {
                return Err("an ellipsis stands inside the pattern".to_owned());
            }
            result.left_ellipsis |= other.left_ellipsis;
            0
        } else {
            result.tokens.extend(&other.tokens);
            result.right_ellipsis = other.right_ellipsis;
            self.length(tokens) as i32
        };
        if result.left_ellipsis && result.right_ellipsis {
            return Err("the pattern has ellipses on both sides".to_owned());
        }
        result.alternatives = product(self, other, shift)?;
        Ok(result)
    }

    /// Whether nothing is asked of the instruction.
    fn is_true(&self) -> bool {
        self.alternatives.iter().any(|alternative| alternative.instruction.mask == 0)
    }

    /// What this and the other have in common.
    pub(crate) fn common(&self, other: &Self) -> Result<Self, String> {
        let reverse = self.left_ellipsis || other.left_ellipsis;
        let right = self.right_ellipsis || other.right_ellipsis;
        if reverse && right {
            return Err("constructors of one table have ellipses on different sides".to_owned());
        }
        let same = if reverse {
            let pairs = self.tokens.iter().rev().zip(other.tokens.iter().rev());
            pairs.take_while(|(left, right)| left == right).count()
        } else {
            self.tokens.iter().zip(&other.tokens).take_while(|(left, right)| left == right).count()
        };
        let longer = same < self.tokens.len().max(other.tokens.len());
        let tokens = if reverse {
            self.tokens[self.tokens.len() - same..].to_vec()
        } else {
            self.tokens[..same].to_vec()
        };
        let mut all = self.alternatives.iter().chain(&other.alternatives).copied();
        let mut common = all.next();
        for alternative in all {
            common = common.map(|common| {
                let context = common.context.common(alternative.context);
                let instruction = common.instruction.common(alternative.instruction);
                Alternative {
                    context,
                    instruction,
                    whole_context: context.mask,
                    whole_instruction: instruction.mask,
                }
            });
        }
        Ok(Self {
            alternatives: vec![common.unwrap_or_default()],
            tokens,
            left_ellipsis: reverse,
            right_ellipsis: right || !reverse && longer,
        })
    }
}

/// The position of a bit of a token, counted from its beginning.
pub(crate) fn token_bit(token: &TokenDefinition, bit: u32) -> u32 {
    if token.big_endian { token.size * 8 - 1 - bit } else { bit / 8 * 8 + 7 - bit % 8 }
}

struct Aligned {
    /// By how many bytes the second is shifted; the first if negative.
    shift: i32,
    /// Tokens and ellipses.
    pattern: TokenPattern,
}

fn align(left: &TokenPattern, right: &TokenPattern, tokens: &[TokenDefinition]) -> Result<Aligned, String> {
    let shape = |tokens: &[usize], left_ellipsis, right_ellipsis| TokenPattern {
        alternatives: Vec::new(),
        tokens: tokens.to_vec(),
        left_ellipsis,
        right_ellipsis,
    };
    for (one, other) in [(left, right), (right, left)] {
        if one.tokens.is_empty() && !one.is_variable() {
            let pattern = shape(&other.tokens, other.left_ellipsis, other.right_ellipsis);
            return Ok(Aligned { shift: 0, pattern });
        }
    }
    let (lengths, minimum) =
        ((left.tokens.len(), right.tokens.len()), left.tokens.len().min(right.tokens.len()));
    // The one with the ellipsis must be the shorter one.
    let check = |length: usize| {
        if length != minimum {
            return Err(format!("the tokens do not match: {} against {}", lengths.0, lengths.1));
        }
        Ok(())
    };
    let mut reverse = false;
    let (mut left_ellipsis, mut right_ellipsis) = (false, false);
    match ((left.left_ellipsis, left.right_ellipsis), (right.left_ellipsis, right.right_ellipsis)) {
        ((true, _), (_, true)) | ((_, true), (true, _)) => {
            return Err("the ellipses are on different sides".to_owned());
        }
        ((true, _), (true, _)) => (reverse, left_ellipsis) = (true, true),
        ((true, _), _) => {
            reverse = true;
            check(lengths.0)?;
        }
        ((_, true), (_, true)) => right_ellipsis = true,
        ((_, true), _) => check(lengths.0)?,
        (_, (true, _)) => {
            reverse = true;
            check(lengths.1)?;
        }
        (_, (_, true)) => check(lengths.1)?,
        _ if lengths.0 != lengths.1 => {
            return Err(format!("the tokens do not match: {} against {}", lengths.0, lengths.1));
        }
        _ => {}
    }
    let longer = if lengths.0 >= lengths.1 { left } else { right };
    let matches = (0..minimum).all(|index| {
        if reverse {
            left.tokens[lengths.0 - 1 - index] == right.tokens[lengths.1 - 1 - index]
        } else {
            left.tokens[index] == right.tokens[index]
        }
    });
    if !matches {
        return Err("the patterns are of different tokens".to_owned());
    }
    let mut shift = 0;
    if reverse {
        let beyond: u32 =
            longer.tokens[..longer.tokens.len() - minimum].iter().map(|token| tokens[*token].size).sum();
        shift = if lengths.0 < lengths.1 { -(beyond as i32) } else { beyond as i32 };
    }
    Ok(Aligned { shift, pattern: shape(&longer.tokens, left_ellipsis, right_ellipsis) })
}

fn shifted(alternatives: &[Alternative], bytes: i32) -> Result<Vec<Alternative>, String> {
    if bytes == 0 {
        return Ok(alternatives.to_vec());
    }
    let bits = 8 * bytes as u32;
    let mut result = Vec::with_capacity(alternatives.len());
    for alternative in alternatives {
        let Bits { mask, value } = alternative.instruction;
        if mask != 0 && (bits >= 128 || mask.trailing_zeros() < bits) {
            return Err(format!("the pattern looks at more than {MAX_BYTES} bytes"));
        }
        let move_right = |bits_of: u128| if bits >= 128 { 0 } else { bits_of >> bits };
        let instruction = Bits { mask: move_right(mask), value: move_right(value) };
        let whole_instruction = move_right(alternative.whole_instruction);
        result.push(Alternative { instruction, whole_instruction, ..*alternative });
    }
    Ok(result)
}

fn product(left: &TokenPattern, right: &TokenPattern, shift: i32) -> Result<Vec<Alternative>, String> {
    let first = shifted(&left.alternatives, (-shift).max(0))?;
    let second = shifted(&right.alternatives, shift.max(0))?;
    if first.len() * second.len() > 16 * MAX_ALTERNATIVES {
        return Err(format!("the pattern has more than {MAX_ALTERNATIVES} alternatives"));
    }
    let mut result = Vec::new();
    let mut seen = hashbrown::HashSet::new();
    for one in &first {
        for other in &second {
            if let Some(both) = one.and(*other)
                && seen.insert(both)
            {
                result.push(both);
            }
        }
    }
    if result.len() > MAX_ALTERNATIVES {
        return Err(format!("the pattern has more than {MAX_ALTERNATIVES} alternatives"));
    }
    Ok(result)
}

/// Cuts a range of raw values into aligned blocks: a value, and how many of
/// its lowest bits are free.
fn blocks(first: u64, last: u64, width: u32) -> Vec<(u64, u32)> {
    let mut result = Vec::new();
    let mut at = first;
    loop {
        if at > last {
            return result;
        }
        let mut free = at.trailing_zeros().min(width);
        while free > 0 && (free >= 64 || last - at < (1 << free) - 1) {
            free -= 1;
        }
        // A field of 64 bits of which all are free.
        if at == 0 && width == 64 && last == u64::MAX {
            result.push((0, 64));
            return result;
        }
        result.push((at, free));
        match at.checked_add(1 << free) {
            Some(next) => at = next,
            None => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_into_blocks() {
        assert_eq!(blocks(5, 5, 4), [(5, 0)]);
        assert_eq!(blocks(0, 15, 4), [(0, 4)]);
        assert_eq!(blocks(1, 6, 3), [(1, 0), (2, 1), (4, 1), (6, 0)]);
        assert_eq!(blocks(u64::MAX, u64::MAX, 64), [(u64::MAX, 0)]);
        assert_eq!(blocks(3, 2, 4), []);
    }

    #[test]
    fn bits_of_tokens_are_counted_from_the_beginning() {
        let little = TokenDefinition { size: 2, big_endian: false };
        let big = TokenDefinition { size: 2, big_endian: true };
        assert_eq!(token_bit(&little, 0), 7);
        assert_eq!(token_bit(&little, 15), 8);
        assert_eq!(token_bit(&big, 0), 15);
        assert_eq!(token_bit(&big, 15), 0);
    }
}
