//! `fenv.h`: the flags, traps and the rounding mode of the guest's own
//! registers.
//!
//! On processors without a floating-point unit, and where the emulator has no
//! register of one, the functions answer as glibc's do there: rounding is to
//! the nearest, and what asks for anything else fails.

mod tables;

use terrella_emulator_api::{EmulatorExt, Error as ApiError};

pub(crate) use tables::{Exceptions, Rounding};
use tables::{Field, Kept, MODES, Unit, unit};

use super::{
    context::Context,
    error::Result,
    types::{CType, Header, Ptr, Reply, Standard, models},
};
use crate::linux::process::SignalInfo;

pub(crate) static HEADER: [Header; 2] = [
    Header {
        name: "fenv.h",
        standard: Standard::C99,
        models: models! {
            feclearexcept = feclearexcept;
            fegetexceptflag = fegetexceptflag;
            feraiseexcept = feraiseexcept;
            fesetexceptflag = fesetexceptflag;
            fetestexcept = fetestexcept;
            fegetround = fegetround;
            fesetround = fesetround;
            fegetenv = fegetenv;
            feholdexcept = feholdexcept;
            fesetenv = fesetenv;
            feupdateenv = feupdateenv;
        },
    },
    Header {
        name: "fenv.h",
        standard: Standard::Extension,
        models: models! {
            feenableexcept = feenableexcept;
            fedisableexcept = fedisableexcept;
            fegetexcept = fegetexcept;
            fesetexcept = fesetexcept;
            fetestexceptflag = fetestexceptflag;
            fegetmode = fegetmode;
            fesetmode = fesetmode;
        },
    },
];

const SIGFPE: u8 = 8;

/// `FE_DFL_ENV`.
const DEFAULT: i64 = -1;

impl Context<'_> {
    /// The processor's unit, if the emulator has it.
    fn unit(&mut self) -> Option<&'static Unit> {
        let unit = unit(self.state.platform, self.state.flavour)?;
        let register = unit.flags.first()?.register;
        self.emulator().read_register(register).is_ok().then_some(unit)
    }

    /// Changes a register, if the processor has it. Of several that a table
    /// names, some processors have only the first.
    fn change(&mut self, register: &str, change: impl FnOnce(u64) -> u64) -> Result<()> {
        let emulator = self.emulator();
        let old = match emulator.read_register(register) {
            Ok(old) => old,
            Err(ApiError::UnknownRegister { .. } | ApiError::RegisterNotAvailable { .. }) => return Ok(()),
            Err(other) => return Err(other.into()),
        };
        let new = change(old);
        if new != old {
            emulator.write_register(register, new)?;
        }
        Ok(())
    }

    fn register(&mut self, register: &str) -> u64 {
        self.emulator().read_register(register).unwrap_or(0)
    }

    /// C's bits of the flags that are set.
    fn flags(&mut self, unit: &Unit) -> u32 {
        let all = unit.all();
        let mut bits = 0;
        for field in unit.flags {
            let register = self.register(field.register);
            bits |= field.taken(register, all);
            if register & unit.invalid.1 != 0 {
                bits |= unit.exceptions[0];
            }
        }
        bits
    }

    fn clear_flags(&mut self, unit: &Unit, bits: u32) -> Result<()> {
        let bits = bits & unit.all();
        let invalid = bits & unit.exceptions[0] != 0;
        for field in unit.flags.iter().chain(unit.causes) {
            let more = if invalid { unit.invalid.1 } else { 0 };
            self.change(field.register, |old| old & !(field.placed(bits) | more))?;
        }
        Ok(())
    }

    fn set_flags(&mut self, unit: &Unit, bits: u32) -> Result<()> {
        let bits = bits & unit.all();
        let Some(field) = unit.flags.first().filter(|_| bits != 0) else { return Ok(()) };
        let more = if bits & unit.exceptions[0] != 0 { unit.invalid.0 } else { 0 };
        self.change(field.register, |old| old | field.placed(bits) | more)
    }

    /// C's bits of the exceptions that trap.
    fn traps(&mut self, unit: &Unit) -> u32 {
        let Some(field) = unit.traps.first() else { return 0 };
        let bits = field.taken(self.register(field.register), unit.all());
        if unit.traps_are_masks { !bits & unit.all() } else { bits }
    }

    fn set_traps(&mut self, unit: &Unit, bits: u32, on: bool) -> Result<()> {
        let bits = bits & unit.all();
        for field in unit.traps {
            let placed = field.placed(bits);
            let sets = on != unit.traps_are_masks;
            self.change(field.register, |old| if sets { old | placed } else { old & !placed })?;
        }
        Ok(())
    }

    /// Raises exceptions in the guest's registers, as the operations of a model
    /// would have.
    pub(crate) fn raise_exceptions(&mut self, exceptions: Exceptions) -> Result<()> {
        if exceptions.is_empty() {
            return Ok(());
        }
        match self.unit() {
            Some(unit) => self.set_flags(unit, unit.bits(exceptions)),
            None => Ok(()),
        }
    }

    /// The guest's rounding mode.
    pub(crate) fn rounding(&mut self) -> Rounding {
        let Some(unit) = self.unit() else { return Rounding::Nearest };
        let bits = self.rounding_bits(unit);
        let known = unit.modes.iter().position(|mode| *mode == bits);
        known.map_or(Rounding::Nearest, |index| MODES[index])
    }

    fn rounding_bits(&mut self, unit: &Unit) -> u32 {
        match unit.rounding.first() {
            Some(field) => field.taken(self.register(field.register), unit.all_modes()),
            None => 0,
        }
    }

    fn keep(&mut self, to: Ptr, kept: &[Kept], bytes: u64) -> Result<()> {
        self.write(to, &vec![0; bytes as usize])?;
        for it in kept {
            let value = self.register(it.register);
            self.write_integer(to.add(it.offset), value, it.bytes)?;
        }
        Ok(())
    }

    fn keep_environment(&mut self, unit: &Unit, to: Ptr) -> Result<()> {
        self.keep(to, unit.environment, unit.environment_bytes)
    }

    /// Puts an environment in place: one of memory, or one that a number below
    /// all addresses stands for.
    fn put_environment(&mut self, unit: &Unit, from: Ptr, kept: &[Kept]) -> Result<()> {
        let bits = 8 * u32::from(self.model.pointer.clamp(1, 8));
        let number = (from.0 as i64) << (64 - bits) >> (64 - bits);
        let special = number == DEFAULT || unit.nomask != 0 && number == unit.nomask;
        for it in kept {
            let value = if special { it.default } else { self.read_integer(from.add(it.offset), it.bytes)? };
            self.change(it.register, |_| value)?;
        }
        if special && number != DEFAULT {
            self.set_traps(unit, unit.all(), true)?;
        }
        Ok(())
    }
}

/// What functions answer that cannot do what is asked for.
fn refused(asked: bool) -> Result<i32> {
    Ok(i32::from(asked))
}

fn feclearexcept(c: &mut Context<'_>, which: i32) -> Result<i32> {
    let Some(unit) = c.unit() else { return refused(which != 0) };
    c.clear_flags(unit, which as u32)?;
    Ok(0)
}

fn fetestexcept(c: &mut Context<'_>, which: i32) -> Result<i32> {
    let Some(unit) = c.unit() else { return Ok(0) };
    Ok((c.flags(unit) & which as u32) as i32)
}

/// Raises them; one that traps is a signal.
fn raised(c: &mut Context<'_>, unit: &Unit, bits: u32) -> Result<Reply> {
    c.set_flags(unit, bits)?;
    if c.traps(unit) & bits & unit.all() != 0 {
        let info = SignalInfo { number: SIGFPE, code: 0, sender: c.state.kernel.running, value: 0 };
        c.state.kernel.signal_process(c.state.kernel.running, info);
    }
    c.deliver_signals(0, CType::Int)
}

fn feraiseexcept(c: &mut Context<'_>, which: i32) -> Result<Reply> {
    let Some(unit) = c.unit() else { return Ok(Reply::Int(i32::from(which != 0))) };
    raised(c, unit, which as u32)
}

fn fesetexcept(c: &mut Context<'_>, which: i32) -> Result<i32> {
    let Some(unit) = c.unit() else { return refused(which != 0) };
    c.set_flags(unit, which as u32)?;
    Ok(0)
}

/// An `fexcept_t` holds flags where the register has them.
fn held(unit: &Unit) -> &'static Field {
    &unit.flags[0]
}

fn fegetexceptflag(c: &mut Context<'_>, to: Ptr, which: i32) -> Result<i32> {
    let Some(unit) = c.unit() else { return refused(which != 0) };
    let bits = c.flags(unit) & which as u32;
    c.write_integer(to, held(unit).placed(bits), unit.exception_bytes)?;
    Ok(0)
}

fn exceptions_at(c: &mut Context<'_>, unit: &Unit, from: Ptr) -> Result<u32> {
    let value = c.read_integer(from, unit.exception_bytes)?;
    Ok(held(unit).taken(value, unit.all()))
}

fn fesetexceptflag(c: &mut Context<'_>, from: Ptr, which: i32) -> Result<i32> {
    let Some(unit) = c.unit() else { return refused(which != 0) };
    let bits = exceptions_at(c, unit, from)?;
    c.clear_flags(unit, which as u32)?;
    c.set_flags(unit, bits & which as u32)?;
    Ok(0)
}

fn fetestexceptflag(c: &mut Context<'_>, from: Ptr, which: i32) -> Result<i32> {
    let Some(unit) = c.unit() else { return Ok(0) };
    Ok((exceptions_at(c, unit, from)? & which as u32) as i32)
}

fn fegetround(c: &mut Context<'_>) -> Result<i32> {
    let Some(unit) = c.unit() else { return Ok(0) };
    Ok(c.rounding_bits(unit) as i32)
}

fn fesetround(c: &mut Context<'_>, mode: i32) -> Result<i32> {
    let Some(unit) = c.unit() else { return refused(mode != 0) };
    if !unit.modes.contains(&(mode as u32)) {
        return Ok(1);
    }
    for field in unit.rounding {
        let (all, bits) = (field.placed(unit.all_modes()), field.placed(mode as u32));
        c.change(field.register, |old| old & !all | bits)?;
    }
    Ok(0)
}

fn fegetenv(c: &mut Context<'_>, to: Ptr) -> Result<i32> {
    let Some(unit) = c.unit() else { return refused(true) };
    c.keep_environment(unit, to)?;
    Ok(0)
}

fn feholdexcept(c: &mut Context<'_>, to: Ptr) -> Result<i32> {
    let Some(unit) = c.unit() else { return refused(true) };
    c.keep_environment(unit, to)?;
    c.clear_flags(unit, unit.all())?;
    c.set_traps(unit, unit.all(), false)?;
    Ok(0)
}

fn fesetenv(c: &mut Context<'_>, from: Ptr) -> Result<i32> {
    let Some(unit) = c.unit() else { return refused(true) };
    c.put_environment(unit, from, unit.environment)?;
    Ok(0)
}

fn feupdateenv(c: &mut Context<'_>, from: Ptr) -> Result<Reply> {
    let Some(unit) = c.unit() else { return Ok(Reply::Int(1)) };
    let bits = c.flags(unit);
    c.put_environment(unit, from, unit.environment)?;
    raised(c, unit, bits)
}

fn fegetmode(c: &mut Context<'_>, to: Ptr) -> Result<i32> {
    let Some(unit) = c.unit() else { return refused(true) };
    let bytes = unit.control.iter().map(|it| it.offset + u64::from(it.bytes)).max().unwrap_or(0);
    c.keep(to, unit.control, bytes)?;
    Ok(0)
}

/// Flags that stand in the same register stay.
fn fesetmode(c: &mut Context<'_>, from: Ptr) -> Result<i32> {
    let Some(unit) = c.unit() else { return refused(true) };
    let bits = c.flags(unit);
    c.put_environment(unit, from, unit.control)?;
    c.clear_flags(unit, unit.all())?;
    c.set_flags(unit, bits)?;
    Ok(0)
}

/// The traps that there were, or -1 where there cannot be any.
fn feenableexcept(c: &mut Context<'_>, which: i32) -> Result<i32> {
    let unit = c.unit().filter(|unit| !unit.traps.is_empty());
    let Some(unit) = unit else { return Ok(if which == 0 { 0 } else { -1 }) };
    let old = c.traps(unit);
    c.set_traps(unit, which as u32, true)?;
    Ok(old as i32)
}

fn fedisableexcept(c: &mut Context<'_>, which: i32) -> Result<i32> {
    let Some(unit) = c.unit() else { return Ok(0) };
    let old = c.traps(unit);
    c.set_traps(unit, which as u32, false)?;
    Ok(old as i32)
}

fn fegetexcept(c: &mut Context<'_>) -> Result<i32> {
    let Some(unit) = c.unit() else { return Ok(0) };
    Ok(c.traps(unit) as i32)
}
