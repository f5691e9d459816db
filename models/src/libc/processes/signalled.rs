//! Signals where a model is called: handlers run before the call is made, as
//! they would have while the program ran.

use serde::{Deserialize, Serialize};
use terrella_machine_state::{ArgumentValue, RegisterValue};

use super::{
    super::{
        context::Context,
        error::Result,
        nested::Continuation,
        types::{CType, Ptr, Reply},
    },
    switching::Ending,
};
use crate::linux::{
    abi::generic::{SA_RESTART, SIG_DFL},
    process::SignalInfo,
    signals::{Default as Fallback, default_of},
};

/// A call that waits for a handler: it is made afresh, with the registers that
/// it had.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Interrupted {
    registers: Vec<(String, RegisterValue)>,
    errno: i64,
    mask: u64,
}

impl Interrupted {
    pub(crate) fn go_on(self, c: &mut Context<'_>) -> Result<Reply> {
        c.restore_mask(self.mask);
        c.set_registers(self.registers)?;
        let errno = Ptr(c.state.layout.errno);
        c.write_int(errno, self.errno as i32)?;
        Ok(Reply::Elsewhere)
    }
}

impl Context<'_> {
    /// What comes before a call that is being made: the handler of a signal that
    /// has come, or an end by it.
    pub(crate) fn signal_before_call(&mut self) -> Result<Option<Reply>> {
        let again = std::mem::take(&mut self.state.threads.this().again);
        if self.state.kernel.has_timers() {
            self.state.kernel.run_timers();
        }
        if again || !self.state.kernel.has_signals() {
            return Ok(None);
        }
        self.begin_notices()?;
        while let Some(info) = self.state.kernel.take_next_signal() {
            let Some(action) = self.action(info.number).copied() else { continue };
            if action.handler != SIG_DFL {
                return self.handle_before_call(info).map(Some);
            }
            match default_of(info.number) {
                Fallback::Ignore | Fallback::Continue => {}
                Fallback::End => return self.ends(Ending::Signal(info.number)).map(Some),
                Fallback::Stop => {
                    let interrupted = self.interrupted(self.mask())?;
                    let then = Continuation::Interrupted(Box::new(interrupted));
                    return self.stops(info.number, then, CType::Void).map(Some);
                }
            }
        }
        Ok(None)
    }

    fn interrupted(&mut self, mask: u64) -> Result<Interrupted> {
        let errno = Ptr(self.state.layout.errno);
        let errno = self.read_int(errno)?.into();
        Ok(Interrupted { registers: self.registers(), errno, mask })
    }

    /// Calls the handler of a signal; then the call is made.
    fn handle_before_call(&mut self, info: SignalInfo) -> Result<Reply> {
        let mask = self.mask();
        let interrupted = self.interrupted(mask)?;
        let (handler, arguments) = self.begin_handler(info)?;
        let then = Continuation::Interrupted(Box::new(interrupted));
        self.call_guest(handler, &arguments, CType::Void, CType::Void, then)
    }

    /// Whether a call that a signal came in is made again (`SA_RESTART`), or the
    /// program ends by it.
    pub(crate) fn restarts_after_signal(&mut self) -> bool {
        let next = self.state.kernel.next_signal(self.state.kernel.running);
        let action = next.and_then(|(info, _)| self.action(info.number).copied());
        action.is_some_and(|it| it.handler == SIG_DFL || it.flags & SA_RESTART != 0)
    }

    /// A signal came while a call waited, which is made again where the handler
    /// says so. `None` if it fails instead.
    pub(crate) fn restart_after_signal(&mut self) -> Result<Option<Reply>> {
        if !self.restarts_after_signal() {
            return Ok(None);
        }
        self.state.threads.this().again = false;
        self.signal_before_call()
    }

    /// The process stops, until a signal has it go on.
    pub(crate) fn stops(&mut self, signal: u8, then: Continuation, result: CType) -> Result<Reply> {
        if !self.has_other_processes() {
            return self.misuse(format!("signal {signal} stops the program for ever"));
        }
        let this = self.state.kernel.running;
        self.state.kernel.stop_process(this, signal);
        let frame = self.frame_here(then, result)?;
        self.go_on_later(frame)
    }

    /// What a handler gets; what it holds back is held back from now on.
    pub(crate) fn begin_handler(&mut self, info: SignalInfo) -> Result<(Ptr, Vec<ArgumentValue>)> {
        use crate::linux::{
            abi::generic::{SA_NODEFER, SA_RESETHAND, SA_SIGINFO},
            signals::bit,
        };
        let action = self.action(info.number).copied().unwrap_or_default();
        if action.flags & SA_RESETHAND != 0
            && let Some(action) = self.action(info.number)
        {
            action.handler = SIG_DFL;
        }
        let mask = self.mask();
        let own = if action.flags & SA_NODEFER == 0 { bit(info.number) } else { 0 };
        self.set_mask(mask | action.mask | own);
        let number = self.guest_signal(info.number);
        let mut arguments = vec![ArgumentValue::from(number)];
        if action.flags & SA_SIGINFO != 0 {
            let (about, context) = self.signal_information(number, info)?;
            arguments.extend([ArgumentValue::Pointer(about.0), ArgumentValue::Pointer(context.0)]);
        }
        Ok((Ptr(action.handler), arguments))
    }
}
