//! Disassembly: instructions as text, with their bytes and p-code.

use std::{fmt::Write as _, sync::Arc};

use serde_json::{Value, json};
use terrella::{
    languages,
    platforms::Platform,
    sleigh::{
        Context, DecodeError, Decoder, Flow, FlowKind, Language, LiftError, Lifter, OpCode, Pcode, Processor,
        Varnode,
    },
};

use crate::{
    failure::{Failure, Result},
    output,
};

/// One instruction, or bytes that are none.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) address: u64,
    pub(crate) bytes: Vec<u8>,
    /// `None` for bytes that are no instruction.
    pub(crate) text: Option<String>,
    pub(crate) pcode: Option<Vec<String>>,
    /// What programs want to know.
    pub(crate) details: Option<Details>,
}

/// What an instruction is made of, where it goes, and what it uses.
#[derive(Debug)]
pub(crate) struct Details {
    operands: Vec<String>,
    flow: Flow,
    reads: Vec<String>,
    writes: Vec<String>,
    loads: bool,
    stores: bool,
}

impl Details {
    fn to_json(&self) -> Value {
        let flow = match self.flow.kind {
            FlowKind::FallThrough => "fall-through",
            FlowKind::Branch => "branch",
            FlowKind::IndirectBranch => "indirect branch",
            FlowKind::Call => "call",
            FlowKind::IndirectCall => "indirect call",
            FlowKind::Return => "return",
            _ => "other",
        };
        json!({
            "operands": self.operands,
            "flow": {
                "kind": flow,
                "target": self.flow.target.map(output::address),
                "conditional": self.flow.is_conditional,
                "falls_through": self.flow.falls_through,
            },
            "reads": self.reads,
            "writes": self.writes,
            "loads": self.loads,
            "stores": self.stores,
        })
    }
}

/// A processor of the catalogue.
fn load(name: &str) -> Result<Arc<Processor>> {
    languages::load(name).map_err(|error| {
        let names: Vec<_> = languages::ENTRIES.iter().map(|entry| entry.name).collect();
        Failure::usage(error.to_string()).hint(format!("processors: {}", names.join(", ")))
    })
}

/// Disassembles the instructions of a processor.
pub(crate) struct Disassembler {
    decoder: Decoder,
    lifter: Lifter,
    pcode: Pcode,
    initial: Context,
    context: Context,
    /// The context field of the instruction set: highest and lowest bit.
    mode: Option<(u32, u32)>,
    alignment: usize,
}

impl Disassembler {
    /// A disassembler of a platform's instructions.
    pub(crate) fn for_platform(platform: Platform) -> Result<Self> {
        let Some(entry) = languages::entry_of(platform) else {
            return Err(Failure::run_time(format!("there is no specification of {platform}"))
                .hint("`terrella platforms` lists the platforms"));
        };
        Ok(Self::with_processor(&*load(entry.name)?, Some(platform)))
    }

    /// A disassembler of a processor by the name of its specification.
    pub(crate) fn new(name: &str) -> Result<Self> {
        Ok(Self::with_processor(&*load(name)?, None))
    }

    /// A disassembler of a processor, whose code pointers are a platform's.
    pub(crate) fn with_processor(processor: &Processor, platform: Option<Platform>) -> Self {
        let language = &processor.language;
        let mode = platform.and_then(languages::mode_field).and_then(|name| language.context_field(name));
        Self {
            decoder: Decoder::new(language.clone()),
            lifter: Lifter::new(),
            pcode: Pcode::default(),
            initial: processor.context,
            context: processor.context,
            mode: mode.map(|field| (field.high, field.low)),
            alignment: language.alignment().max(1) as usize,
        }
    }

    fn language(&self) -> &Language {
        self.decoder.language()
    }

    /// Sets a field of the context that all instructions are decoded in.
    pub(crate) fn set_context(&mut self, name: &str, value: u64) -> Result<()> {
        let Some(field) = self.language().context_field(name) else {
            let names: Vec<_> =
                self.language().context_fields().iter().map(|field| field.name.as_str()).collect();
            return Err(Failure::usage(format!("the processor has no context field `{name}`"))
                .hint(format!("fields: {}", names.join(", "))));
        };
        let (high, low) = (field.high, field.low);
        self.initial.set(high, low, value);
        self.context.set(high, low, value);
        Ok(())
    }

    /// Goes to the instruction set that bit 0 of a code pointer tells.
    pub(crate) fn set_mode(&mut self, pointer: u64) {
        self.context = self.initial;
        if let Some((high, low)) = self.mode
            && (pointer & 1 != 0 || self.initial.get(high, low) == 0)
        {
            self.context.set(high, low, pointer & 1);
        }
    }

    /// The instruction at the beginning of some bytes.
    pub(crate) fn line(&mut self, address: u64, bytes: &[u8], with_pcode: bool) -> Line {
        let length = match self.decoder.decode(address, bytes, self.context) {
            Ok(length) => length,
            Err(error) => {
                let length = match error {
                    DecodeError::Truncated { .. } => bytes.len(),
                    _ => self.alignment.min(bytes.len()),
                };
                self.context = self.initial_in_mode();
                let bytes = bytes[..length].to_vec();
                return Line { address, bytes, text: None, pcode: None, details: None };
            }
        };
        let text = Some(self.decoder.text());
        let lifted = self.lift(bytes, length);
        let pcode = with_pcode.then(|| match &lifted {
            Ok(()) => self.pcode_lines(),
            Err(error) => vec![error.to_string()],
        });
        let details = lifted.is_ok().then(|| self.details());
        self.follow();
        Line { address, bytes: bytes[..length].to_vec(), text, pcode, details }
    }

    fn details(&self) -> Details {
        let accesses = self.pcode.accesses(self.language());
        let names = |varnodes: &[Varnode]| varnodes.iter().map(|it| self.varnode(it)).collect();
        Details {
            operands: self.decoder.operands().into_iter().map(|operand| operand.text).collect(),
            flow: self.decoder.flow(&self.pcode),
            reads: names(&accesses.reads),
            writes: names(&accesses.writes),
            loads: accesses.loads,
            stores: accesses.stores,
        }
    }

    /// The context of all instructions, in the instruction set of now.
    fn initial_in_mode(&self) -> Context {
        let mut context = self.initial;
        if let Some((high, low)) = self.mode {
            context.set(high, low, self.context.get(high, low));
        }
        context
    }

    /// The context of the instruction that follows.
    fn follow(&mut self) {
        let flowing = self.language().flowing_context();
        let next = self.decoder.address().wrapping_add(self.decoder.length() as u64);
        let mut context = Context(self.initial.0 & !flowing | self.context.0 & flowing);
        for commit in self.decoder.commits().filter(|commit| commit.address == next) {
            context.0 = context.0 & !commit.mask | commit.value;
        }
        self.context = context;
    }

    /// Lifts the instruction that was decoded.
    fn lift(&mut self, bytes: &[u8], length: usize) -> Result<(), LiftError> {
        if self.decoder.delay_slot() > 0 {
            // The slot's own p-code stands at its own line.
            let mut slot = Decoder::new(self.decoder.language().clone());
            let at = self.decoder.address().wrapping_add(length as u64);
            let rest = bytes.get(length..).unwrap_or_default();
            let slot_length = slot.decode(at, rest, self.context).unwrap_or(length);
            self.decoder.set_delay_slot_length(slot_length);
        }
        self.lifter.lift(&self.decoder, &mut self.pcode)
    }

    /// The p-code that was lifted.
    fn pcode_lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (index, op) in self.pcode.ops().iter().enumerate() {
            if self.pcode.delay_slot() == Some(index) {
                lines.push("(the delay slot)".to_owned());
            }
            let mut line = String::new();
            // Writing to a string does not fail.
            if let Some(output) = &op.output {
                let _ = write!(line, "{} = ", self.varnode(output));
            }
            let _ = write!(line, "{}", op.code);
            let mut inputs = self.pcode.inputs(op);
            if op.code == OpCode::CallOther
                && let Some((number, rest)) = inputs.split_first()
            {
                let name = self.language().user_ops().get(number.offset as usize);
                let _ = write!(line, " {}", name.map_or("?", String::as_str));
                inputs = rest;
            }
            if matches!(op.code, OpCode::Load | OpCode::Store)
                && let Some((space, rest)) = inputs.split_first()
            {
                let space = self.language().spaces().get(space.offset as usize);
                let _ = write!(line, " [{}]", space.map_or("?", |space| &space.name));
                inputs = rest;
            }
            let inputs: Vec<_> = inputs.iter().map(|input| self.varnode(input)).collect();
            if !inputs.is_empty() {
                let _ = write!(line, " {}", inputs.join(", "));
            }
            lines.push(line);
        }
        lines
    }

    fn varnode(&self, varnode: &Varnode) -> String {
        if varnode.is_constant() {
            return format!("{:#x}:{}", varnode.offset, varnode.size);
        }
        if let Some(register) = self.language().register_at(varnode) {
            return register.name.clone();
        }
        let space = self.language().space(varnode.space).map_or("?", |space| &space.name);
        match space {
            "unique" => format!("${:x}:{}", varnode.offset, varnode.size),
            space => format!("{space}[{:#x}]:{}", varnode.offset, varnode.size),
        }
    }
}

impl Line {
    /// The line for people, with bytes in a column of a width.
    pub(crate) fn to_text(&self, width: usize) -> String {
        let bytes: Vec<_> = self.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let text = self.text.as_deref().unwrap_or("(no instruction)");
        let mut line = format!("{:8x}  {:width$}  {text}\n", self.address, bytes.join(" "));
        for op in self.pcode.iter().flatten() {
            // Writing to a string does not fail.
            let _ = writeln!(line, "{:10}{:width$}    {op}", "", "");
        }
        line
    }

    /// The line for programs.
    pub(crate) fn to_json(&self) -> Value {
        let mut value = json!({
            "address": output::address(self.address),
            "bytes": output::hex(&self.bytes),
            "text": self.text,
        });
        if let (Some(pcode), Value::Object(object)) = (&self.pcode, &mut value) {
            object.insert("pcode".to_owned(), json!(pcode));
        }
        if let (Some(details), Value::Object(object)) = (&self.details, &mut value)
            && let Value::Object(details) = details.to_json()
        {
            object.extend(details);
        }
        value
    }
}
