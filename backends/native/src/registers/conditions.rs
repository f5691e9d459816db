//! The state of conditional blocks, which the specification of ARM keeps in
//! the decoding context.

use terrella_sleigh::{Context, ContextField, Language};

/// The context fields of the state.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conditions {
    /// The state is that of the instruction before.
    before: (u32, u32),
    /// The upper three bits of the condition.
    base: (u32, u32),
    /// The lowest bit of the condition, and the mask of what is left.
    rest: (u32, u32),
}

impl Conditions {
    pub(crate) fn of(language: &Language) -> Option<Self> {
        let field = |name| language.context_field(name).map(|it: &ContextField| (it.high, it.low));
        Some(Self { before: field("itmode")?, base: field("cond_base")?, rest: field("cond_shft")? })
    }

    /// The eight bits of the state (Arm ARM, A2.5.2); zero outside of blocks.
    pub(crate) fn state(self, context: Context) -> u64 {
        let get = |(high, low)| context.get(high, low);
        let rest = match get(self.before) {
            0 => get(self.rest),
            _ => get(self.rest) << 1 & 0x1f,
        };
        if rest & 0xf == 0 { 0 } else { get(self.base) << 5 | rest }
    }

    pub(crate) fn set(self, context: &mut Context, state: u64) {
        let state = if state & 0xf == 0 { 0 } else { state };
        context.set(self.before.0, self.before.1, 0);
        context.set(self.base.0, self.base.1, state >> 5 & 7);
        context.set(self.rest.0, self.rest.1, state & 0x1f);
    }

    /// The context bits of the state.
    pub(crate) fn mask(self) -> u128 {
        let mut context = Context(0);
        for (high, low) in [self.before, self.base, self.rest] {
            context.set(high, low, u64::MAX);
        }
        context.0
    }

    /// The state of the next instruction (Arm ARM, A2.5.2, ITAdvance).
    pub(crate) const fn advanced(state: u64) -> u64 {
        if state & 7 == 0 { 0 } else { state & 0xe0 | state << 1 & 0x1f }
    }

    /// The condition of an instruction, unless it executes always.
    pub(crate) fn condition(self, context: Context) -> Option<u32> {
        let state = self.state(context);
        if state == 0 { None } else { Some((state >> 4) as u32).filter(|condition| *condition < 14) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_what_was_set_and_advances() {
        let conditions = Conditions { before: (5, 5), base: (6, 8), rest: (9, 13) };
        let mut context = Context(0);
        conditions.set(&mut context, 0b0000_0110);
        assert_eq!(conditions.state(context), 0b0000_0110);
        context.set(5, 5, 1);
        assert_eq!(conditions.state(context), 0b0000_1100);
        conditions.set(&mut context, 0b0001_0000);
        assert_eq!(conditions.state(context), 0);
    }
}
