//! Unicorn in a child process, which may crash: [`Child`] asks, [`serve`]
//! answers, one line of JSON for each instruction.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::process::ExitStatusExt,
    process::{ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};

use terrella_emulator_api::{Platform, RegisterId, RegisterValue};

use super::{
    Answer, Error, Plan, Subject, Task,
    native::InProcess,
    plan::{Place, PlanText},
};

/// How many instructions one process executes.
const BATCH: u32 = 4096;

/// The first argument of a process that serves.
pub(super) const SERVE: &str = "--serve";

/// How long an instruction may take.
const PATIENCE: Duration = Duration::from_secs(5);

struct Process {
    process: std::process::Child,
    input: ChildStdin,
    answers: Receiver<String>,
    served: u32,
}

impl Process {
    fn ask(&mut self, text: &str) -> Option<String> {
        writeln!(self.input, "{text}").ok()?;
        self.input.flush().ok()?;
        self.answers.recv_timeout(PATIENCE).ok()
    }

    /// Ends it; how it ended, if it did by itself.
    fn end(mut self) -> String {
        drop(self.input);
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE / 5 {
            if let Ok(Some(status)) = self.process.try_wait() {
                return status.signal().map_or_else(|| status.to_string(), signal_name);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        // It may end just now.
        drop(self.process.kill());
        drop(self.process.wait());
        "a hang".to_owned()
    }
}

/// The name of a signal that ends a process (POSIX.1-2017, `<signal.h>`; the
/// numbers are Linux's).
pub(super) fn signal_name(number: i32) -> String {
    match number {
        4 => "SIGILL".to_owned(),
        6 => "SIGABRT".to_owned(),
        7 => "SIGBUS".to_owned(),
        8 => "SIGFPE".to_owned(),
        11 => "SIGSEGV".to_owned(),
        other => format!("signal {other}"),
    }
}

/// Unicorn in a child process.
pub(super) struct Child {
    platform: Platform,
    /// An engine that executes nothing and tells which registers there are.
    registers: InProcess,
    running: Option<Process>,
}

impl Child {
    pub(super) fn new(platform: Platform, place: Place) -> Result<Self, Error> {
        let registers = InProcess::new(terrella_unicorn::NAME, platform, place)?;
        Ok(Self { platform, registers, running: None })
    }

    fn process(&mut self, plan: &Plan) -> Result<Process, Error> {
        if let Some(process) = self.running.take() {
            if process.served < BATCH {
                return Ok(process);
            }
            process.end();
        }
        let program = std::env::current_exe().map_err(Error::io("the program's own path"))?;
        let mut process = Command::new(program)
            .args([SERVE, self.platform.name()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // What it says in its last moments is known by the signal.
            .stderr(Stdio::null())
            .spawn()
            .map_err(Error::io("a child process"))?;
        let (Some(mut input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(Error::Protocol("a child process has no pipes".to_owned()));
        };
        let text = json(&plan.to_text())?;
        writeln!(input, "{text}").map_err(Error::io("a child process"))?;
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            // Who no longer listens needs no more answers.
            BufReader::new(output).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Ok(Process { process, input, answers, served: 0 })
    }
}

fn json(value: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::Protocol(error.to_string()))
}

fn parse<T: serde::de::DeserializeOwned>(line: &str) -> Result<T, Error> {
    serde_json::from_str(line).map_err(|error| Error::Protocol(error.to_string()))
}

impl Subject for Child {
    fn has(&self, register: RegisterId) -> bool {
        self.registers.has(register)
    }

    fn start(&mut self, plan: &Plan) -> Result<Vec<RegisterValue>, Error> {
        self.registers.start(plan)
    }

    fn run(&mut self, plan: &Plan, task: &Task) -> Result<Answer, Error> {
        let question = json(task)?;
        // What counts is what a new process does, which no other instruction
        // has touched.
        for is_last in [false, true] {
            let mut process = self.process(plan)?;
            match process.ask(&question) {
                Some(line) => {
                    process.served += 1;
                    self.running = Some(process);
                    return parse(&line);
                }
                None if is_last => return Ok(Answer::Crashed(process.end())),
                None => drop(process.end()),
            }
        }
        Err(Error::Protocol("a child process was not asked".to_owned()))
    }

    fn run_afresh(&mut self, plan: &Plan, task: &Task) -> Result<Answer, Error> {
        if let Some(process) = self.running.take() {
            drop(process.end());
        }
        self.run(plan, task)
    }
}

/// Answers as Unicorn, until the input ends: the main function of the child
/// process.
///
/// # Errors
/// [`Error`].
pub fn serve(platform: Platform) -> Result<(), Error> {
    let mut lines = std::io::stdin().lock().lines();
    let mut next = || lines.next().transpose().map_err(Error::io("standard input"));
    let Some(first) = next()? else { return Ok(()) };
    let text: PlanText = parse(&first)?;
    let plan = Plan::from_text(platform, &text)
        .ok_or_else(|| Error::Protocol("the plan names unknown registers".to_owned()))?;
    let mut subject = InProcess::new(terrella_unicorn::NAME, platform, plan.place)?;
    while let Some(line) = next()? {
        let answer = json(&subject.run(&plan, &parse(&line)?)?)?;
        let mut output = std::io::stdout().lock();
        writeln!(output, "{answer}").map_err(Error::io("standard output"))?;
        output.flush().map_err(Error::io("standard output"))?;
    }
    Ok(())
}
