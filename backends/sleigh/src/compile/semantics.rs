//! Semantic sections to templates.

use hashbrown::HashMap;

use super::{
    constructor::{Constructor, Definition},
    sizes,
    symbols::{Attached, Symbol, Symbols},
    template::{Code, Export, Op, Place, Size, Template, Vn},
};
use crate::{
    error::Result,
    pcode::OpCode,
    spec::{source::Position, syntax::*},
};

/// How deep macros may use each other.
const MAX_MACRO_DEPTH: usize = 32;
/// How many operations one constructor may have.
const MAX_OPS: usize = 1 << 14;

/// Operators whose operands are in order: sign, operation, and whether the
/// operands change places.
const BINARY: &[(&str, OpCode, bool)] = &[
    ("||", OpCode::BoolOr, false),
    ("&&", OpCode::BoolAnd, false),
    ("^^", OpCode::BoolXor, false),
    ("|", OpCode::IntOr, false),
    ("^", OpCode::IntXor, false),
    ("&", OpCode::IntAnd, false),
    ("==", OpCode::IntEqual, false),
    ("!=", OpCode::IntNotEqual, false),
    ("f==", OpCode::FloatEqual, false),
    ("f!=", OpCode::FloatNotEqual, false),
    ("<", OpCode::IntLess, false),
    ("<=", OpCode::IntLessEqual, false),
    (">", OpCode::IntLess, true),
    (">=", OpCode::IntLessEqual, true),
    ("s<", OpCode::IntSLess, false),
    ("s<=", OpCode::IntSLessEqual, false),
    ("s>", OpCode::IntSLess, true),
    ("s>=", OpCode::IntSLessEqual, true),
    ("f<", OpCode::FloatLess, false),
    ("f<=", OpCode::FloatLessEqual, false),
    ("f>", OpCode::FloatLess, true),
    ("f>=", OpCode::FloatLessEqual, true),
    ("<<", OpCode::IntLeft, false),
    (">>", OpCode::IntRight, false),
    ("s>>", OpCode::IntSRight, false),
    ("+", OpCode::IntAdd, false),
    ("-", OpCode::IntSub, false),
    ("f+", OpCode::FloatAdd, false),
    ("f-", OpCode::FloatSub, false),
    ("*", OpCode::IntMult, false),
    ("/", OpCode::IntDiv, false),
    ("%", OpCode::IntRem, false),
    ("s/", OpCode::IntSDiv, false),
    ("s%", OpCode::IntSRem, false),
    ("f*", OpCode::FloatMult, false),
    ("f/", OpCode::FloatDiv, false),
];

const UNARY: &[(&str, OpCode)] =
    &[("!", OpCode::BoolNegate), ("~", OpCode::IntNegate), ("-", OpCode::Int2Comp), ("f-", OpCode::FloatNeg)];

/// Built-in functions, with the number of their arguments.
const FUNCTIONS: &[(&str, OpCode, usize)] = &[
    ("carry", OpCode::IntCarry, 2),
    ("scarry", OpCode::IntSCarry, 2),
    ("sborrow", OpCode::IntSBorrow, 2),
    ("zext", OpCode::IntZExt, 1),
    ("sext", OpCode::IntSExt, 1),
    ("nan", OpCode::FloatNan, 1),
    ("abs", OpCode::FloatAbs, 1),
    ("sqrt", OpCode::FloatSqrt, 1),
    ("int2float", OpCode::FloatInt2Float, 1),
    ("float2float", OpCode::FloatFloat2Float, 1),
    ("trunc", OpCode::FloatTrunc, 1),
    ("ceil", OpCode::FloatCeil, 1),
    ("floor", OpCode::FloatFloor, 1),
    ("round", OpCode::FloatRound, 1),
    ("popcount", OpCode::PopCount, 1),
    ("lzcount", OpCode::LzCount, 1),
];

/// The names of one scope: a constructor or one use of a macro.
#[derive(Default)]
struct Scope {
    names: HashMap<String, Vn>,
    labels: HashMap<String, Label>,
}

struct Label {
    index: usize,
    is_placed: bool,
    at: Position,
}

struct Compiler<'a> {
    symbols: &'a Symbols<'a>,
    macros: &'a [MacroSyntax],
    /// `None` where there is no constructor.
    constructor: &'a Constructor<'a>,
    template: Template,
    scopes: Vec<Scope>,
    built: Vec<bool>,
}

/// Compiles the body of a constructor; `None` for `unimpl`.
pub(crate) fn compile(
    symbols: &Symbols<'_>,
    macros: &[MacroSyntax],
    constructor: &Constructor<'_>,
) -> Result<Option<Template>> {
    let Some(body) = &constructor.syntax.body else { return Ok(None) };
    let mut compiler = Compiler {
        symbols,
        macros,
        constructor,
        template: Template::default(),
        scopes: vec![Scope::default()],
        built: vec![false; constructor.operands.len()],
    };
    for (index, operand) in constructor.operands.iter().enumerate() {
        let vn = compiler.operand(index);
        compiler.scopes[0].names.insert(operand.name.text.clone(), vn);
    }
    compiler.statements(body)?;
    compiler.close_scope()?;
    let Compiler { mut template, built, .. } = compiler;
    // Operands that are not built explicitly come first, the last one that is
    // mentioned before all others.
    let mut ops = Vec::with_capacity(template.ops.len() + built.len());
    for index in constructor.mentioned.iter().rev().copied() {
        let operand = &constructor.operands[index];
        if matches!(operand.definition, Some(Definition::Table(_))) && !built[index] {
            let at = constructor.syntax.at;
            ops.push(Op { code: Code::Build(index), output: None, inputs: Vec::new(), at });
        }
    }
    ops.append(&mut template.ops);
    template.ops = ops;
    sizes::propagate(&mut template, symbols)?;
    Ok(Some(template))
}

impl<'a> Compiler<'a> {
    /// What the name of an operand stands for.
    fn operand(&self, index: usize) -> Vn {
        let symbols = self.symbols;
        let register = |register: usize| {
            let register = &symbols.registers[register];
            Vn {
                place: Place::Fixed { space: register.space as usize, offset: register.offset },
                size: Size::Fixed(register.size),
            }
        };
        match &self.constructor.operands[index].definition {
            Some(Definition::Table(_)) => Vn { place: Place::Operand(index), size: Size::Operand(index) },
            Some(Definition::Register(number)) => register(*number),
            Some(Definition::Field(field)) => match &symbols.fields[*field].attached {
                Attached::Variables(list) => {
                    // All registers of a list have one size, or the size is
                    // that of the one that is meant.
                    let mut sizes = list.iter().flatten().map(|number| symbols.registers[*number].size);
                    let first = sizes.next();
                    let size = match first {
                        Some(first) if sizes.all(|size| size == first) => Size::Fixed(first),
                        _ => Size::Operand(index),
                    };
                    Vn { place: Place::Operand(index), size }
                }
                _ => Vn { place: Place::Operand(index), size: Size::Unknown },
            },
            // A value, whose size is that of what it meets.
            _ => Vn { place: Place::Operand(index), size: Size::Unknown },
        }
    }

    fn scope(&mut self) -> &mut Scope {
        let last = self.scopes.len() - 1;
        &mut self.scopes[last]
    }

    fn close_scope(&mut self) -> Result<()> {
        if let Some(scope) = self.scopes.pop()
            && let Some((name, label)) = scope.labels.iter().find(|(_, label)| !label.is_placed)
        {
            return Err(self.symbols.wrong(label.at, format!("there is no label <{name}>")));
        }
        Ok(())
    }

    fn temporary(&mut self, size: Size) -> Vn {
        self.template.temporaries.push(size);
        Vn::temporary(self.template.temporaries.len() - 1)
    }

    fn push(&mut self, at: Position, code: Code, output: Option<Vn>, inputs: Vec<Vn>) -> Result<()> {
        if self.template.ops.len() >= MAX_OPS {
            return Err(self.symbols.wrong(at, format!("the section has more than {MAX_OPS} operations")));
        }
        self.template.ops.push(Op { code, output, inputs, at });
        Ok(())
    }

    fn op(&mut self, at: Position, code: OpCode, output: Option<Vn>, inputs: Vec<Vn>) -> Result<()> {
        self.push(at, Code::Op(code), output, inputs)
    }

    fn statements(&mut self, body: &[Statement]) -> Result<()> {
        for statement in body {
            self.statement(statement)?;
        }
        Ok(())
    }

    fn statement(&mut self, statement: &Statement) -> Result<()> {
        let at = statement.at;
        match &statement.kind {
            StatementKind::Assign { target, local, size, value } => self.assign(target, *local, *size, value),
            StatementKind::Declare(name, size) => {
                let size = size.map_or(Size::Unknown, |size| Size::Fixed(size as u32));
                let temporary = self.temporary(size);
                self.scope().names.insert(name.text.clone(), temporary);
                Ok(())
            }
            StatementKind::AssignBits { target, low, bits, value } => {
                let vn = self.varnode(target)?;
                self.assign_bits(at, vn, *low, *bits, value)
            }
            StatementKind::Store { star, pointer, value } => {
                let (space, size) = self.star(star)?;
                let pointer = self.value(pointer)?;
                let mut value = self.value(value)?;
                self.force(&mut value, size);
                let space = Vn::constant(space as u64, Size::Fixed(4));
                self.op(at, OpCode::Store, None, vec![space, pointer, value])
            }
            StatementKind::Call(name, arguments) => self.call_statement(at, name, arguments),
            StatementKind::Build(name) => {
                let index = self.constructor.operands.iter().position(|it| it.name.text == name.text);
                match index {
                    Some(index)
                        if matches!(
                            self.constructor.operands[index].definition,
                            Some(Definition::Table(_))
                        ) =>
                    {
                        if std::mem::replace(&mut self.built[index], true) {
                            let message = format!("`{}` is built twice", name.text);
                            return Err(self.symbols.wrong(name.at, message));
                        }
                        self.push(at, Code::Build(index), None, Vec::new())
                    }
                    // What has no p-code of its own is built by doing nothing.
                    Some(_) => Ok(()),
                    None => Err(self.symbols.wrong(name.at, format!("`{}` is not an operand", name.text))),
                }
            }
            StatementKind::DelaySlot(bytes) => {
                self.template.delay_slot = (*bytes).clamp(1, 255) as u32;
                self.push(at, Code::DelaySlot, None, Vec::new())
            }
            StatementKind::Goto(target) => match target {
                Target::Indirect(value) => {
                    let value = self.value(value)?;
                    self.op(at, OpCode::BranchInd, None, vec![value])
                }
                _ => {
                    let target = self.target(target)?;
                    self.op(at, OpCode::Branch, None, vec![target])
                }
            },
            StatementKind::If(condition, target) => {
                let condition = self.value(condition)?;
                if let Target::Indirect(_) = target {
                    return Err(self.symbols.wrong(at, "a conditional jump cannot be indirect"));
                }
                let target = self.target(target)?;
                self.op(at, OpCode::CBranch, None, vec![target, condition])
            }
            StatementKind::CallTo(target) => match target {
                Target::Indirect(value) => {
                    let value = self.value(value)?;
                    self.op(at, OpCode::CallInd, None, vec![value])
                }
                _ => {
                    let target = self.target(target)?;
                    self.op(at, OpCode::Call, None, vec![target])
                }
            },
            StatementKind::Return(value) => {
                let value = self.value(value)?;
                self.op(at, OpCode::Return, None, vec![value])
            }
            StatementKind::Label(name) => {
                let index = self.label(name);
                let label = self.scope().labels.get_mut(&name.text).filter(|label| !label.is_placed);
                match label {
                    Some(label) => label.is_placed = true,
                    None => {
                        return Err(self.symbols.wrong(name.at, format!("<{}> stands twice", name.text)));
                    }
                }
                self.push(at, Code::Label(index), None, Vec::new())
            }
            StatementKind::Export(export) => self.export(at, export),
        }
    }

    fn label(&mut self, name: &Name) -> usize {
        let next = self.template.labels;
        let label = self.scope().labels.entry(name.text.clone()).or_insert(Label {
            index: next,
            is_placed: false,
            at: name.at,
        });
        let index = label.index;
        if index == next {
            self.template.labels += 1;
        }
        index
    }

    fn target(&mut self, target: &Target) -> Result<Vn> {
        let unknown = |place| Vn { place, size: Size::Unknown };
        Ok(match target {
            Target::Label(name) => unknown(Place::Label(self.label(name))),
            Target::Address(address, space) => {
                let space = match space {
                    None => self.symbols.default_space,
                    Some(name) => self.space(name)?,
                };
                let size = Size::Fixed(self.symbols.spaces[space].address_size);
                let word_size = u64::from(self.symbols.spaces[space].word_size);
                let offset = address.wrapping_mul(word_size);
                Vn { place: Place::Fixed { space, offset }, size }
            }
            Target::Symbol(name) => {
                // A parameter of a macro or an operand.
                if let Some(vn) = self.scope().names.get(&name.text).copied() {
                    return match vn.place {
                        Place::Operand(index) => Ok(unknown(Place::OperandAddress(index))),
                        Place::Start | Place::Next | Place::Next2 | Place::Label(_) => Ok(vn),
                        _ => Err(self.symbols.wrong(name.at, format!("`{}` is no destination", name.text))),
                    };
                }
                match self.symbols.names.get(&name.text) {
                    Some(Symbol::Start) => unknown(Place::Start),
                    Some(Symbol::Next) => unknown(Place::Next),
                    Some(Symbol::Next2) => unknown(Place::Next2),
                    _ => {
                        return Err(self
                            .symbols
                            .wrong(name.at, format!("`{}` is no destination", name.text)));
                    }
                }
            }
            Target::Indirect(value) => self.value(value)?,
        })
    }

    fn space(&self, name: &Name) -> Result<usize> {
        match self.symbols.names.get(&name.text) {
            Some(Symbol::Space(space)) => Ok(*space),
            _ => Err(self.symbols.wrong(name.at, format!("`{}` is not a space", name.text))),
        }
    }

    fn star(&self, star: &Star) -> Result<(usize, Size)> {
        let space = match &star.space {
            None => self.symbols.default_space,
            Some(name) => self.space(name)?,
        };
        Ok((space, star.size.map_or(Size::Unknown, |size| Size::Fixed(size as u32))))
    }

    /// Gives a value a size if it has none.
    fn force(&mut self, vn: &mut Vn, size: Size) {
        if self.template.size(vn) == Size::Unknown {
            match vn.place {
                Place::Temporary(index) => self.template.temporaries[index] = size,
                _ => vn.size = size,
            }
        }
    }

    /// What a name stands for.
    fn varnode(&mut self, name: &Name) -> Result<Vn> {
        if let Some(vn) = self.scope().names.get(&name.text) {
            return Ok(*vn);
        }
        let symbols = self.symbols;
        let unknown = |place| Ok(Vn { place, size: Size::Unknown });
        match symbols.names.get(&name.text) {
            Some(Symbol::Register(index)) => {
                let register = &symbols.registers[*index];
                Ok(Vn {
                    place: Place::Fixed { space: register.space as usize, offset: register.offset },
                    size: Size::Fixed(register.size),
                })
            }
            Some(Symbol::Start) => unknown(Place::Start),
            Some(Symbol::Next) => unknown(Place::Next),
            Some(Symbol::Next2) => unknown(Place::Next2),
            Some(Symbol::Space(index)) => Ok(Vn::constant(*index as u64, Size::Fixed(4))),
            Some(_) => Err(symbols.wrong(name.at, format!("`{}` is not a value", name.text))),
            None => Err(symbols.wrong(name.at, format!("`{}` is not defined", name.text))),
        }
    }

    // ---- assignments

    fn assign(&mut self, target: &Name, local: bool, size: Option<u64>, value: &Value) -> Result<()> {
        let known = !local
            && (self.scope().names.contains_key(&target.text)
                || self.symbols.names.contains_key(&target.text));
        if !known {
            let size = size.map_or(Size::Unknown, |size| Size::Fixed(size as u32));
            let temporary = self.temporary(size);
            self.value_into(target.at, value, temporary)?;
            // Only now: the value may use what had the name before.
            self.scope().names.insert(target.text.clone(), temporary);
            return Ok(());
        }
        if let Some(Symbol::BitRange(range)) = self.symbols.names.get(&target.text)
            && !self.scope().names.contains_key(&target.text)
        {
            let range = self.symbols.bit_ranges[*range].clone();
            let register = &self.symbols.registers[range.register];
            let vn = Vn {
                place: Place::Fixed { space: register.space as usize, offset: register.offset },
                size: Size::Fixed(register.size),
            };
            return self.assign_bits(target.at, vn, range.low.into(), range.bits.into(), value);
        }
        let vn = self.varnode(target)?;
        if let Some(size) = size {
            // `register:size = …` writes the lowest bytes.
            return match self.slice(vn, 0, size as u32)? {
                Some(slice) => self.value_into(target.at, value, slice),
                None => self.assign_bits(target.at, vn, 0, 8 * size, value),
            };
        }
        match vn.place {
            Place::Fixed { .. } | Place::Temporary(_) | Place::Operand(_) | Place::OperandSlice(..) => {
                self.value_into(target.at, value, vn)
            }
            _ => Err(self.symbols.wrong(target.at, format!("`{}` cannot be assigned", target.text))),
        }
    }

    fn assign_bits(&mut self, at: Position, vn: Vn, low: u64, bits: u64, value: &Value) -> Result<()> {
        if bits == 0 || low + bits > 512 {
            return Err(self.symbols.wrong(at, "a bit range has 1 to 512 bits"));
        }
        let small = Size::Fixed(bits.div_ceil(8) as u32);
        if low.is_multiple_of(8)
            && bits.is_multiple_of(8)
            && let Some(slice) = self.slice(vn, (low / 8) as u32, (bits / 8) as u32)?
        {
            return self.value_into(at, value, slice);
        }
        if low + bits > 64 {
            return Err(self.symbols.wrong(at, "a bit range that is not of whole bytes ends below bit 64"));
        }
        let mask = !(u64::MAX >> (64 - bits) << low);
        let size = self.template.size(&vn);
        let kept = self.temporary(size);
        self.op(at, OpCode::IntAnd, Some(kept), vec![vn, Vn::constant(mask, size)])?;
        let mut value = self.value(value)?;
        self.force(&mut value, small);
        let fits = bits.is_multiple_of(8) || self.fits(&value, bits);
        let mut wide = value;
        if size != small {
            wide = self.temporary(size);
            self.op(at, OpCode::IntZExt, Some(wide), vec![value])?;
        }
        // What is above the field in the value does not count.
        if !fits {
            let masked = self.temporary(size);
            let mask = u64::MAX >> (64 - bits);
            self.op(at, OpCode::IntAnd, Some(masked), vec![wide, Vn::constant(mask, size)])?;
            wide = masked;
        }
        if low != 0 {
            let shifted = self.temporary(size);
            let amount = Vn::constant(low, Size::Fixed(4));
            self.op(at, OpCode::IntLeft, Some(shifted), vec![wide, amount])?;
            wide = shifted;
        }
        self.op(at, OpCode::IntOr, Some(vn), vec![kept, wide])
    }

    /// Whether a value that was just computed has no bits above the lowest
    /// ones: truth values and small constants.
    fn fits(&self, value: &Vn, bits: u64) -> bool {
        if let Place::Constant(number) = value.place {
            return number >> bits.min(63) == 0;
        }
        self.template.ops.last().is_some_and(|op| {
            let Code::Op(code) = op.code else { return false };
            op.output.is_some_and(|output| output.place == value.place) && code.gives_truth()
        })
    }

    /// Some whole bytes of a varnode as a varnode, where that is possible.
    fn slice(&mut self, vn: Vn, offset: u32, bytes: u32) -> Result<Option<Vn>> {
        match vn.place {
            Place::Fixed { space, offset: base } => {
                let Size::Fixed(size) = vn.size else { return Ok(None) };
                if offset + bytes > size {
                    return Ok(None);
                }
                let skip = if self.symbols.big_endian { size - offset - bytes } else { offset };
                let place = Place::Fixed { space, offset: base + u64::from(skip) };
                Ok(Some(Vn { place, size: Size::Fixed(bytes) }))
            }
            Place::Operand(index) if vn.size != Size::Unknown => {
                Ok(Some(Vn { place: Place::OperandSlice(index, offset), size: Size::Fixed(bytes) }))
            }
            Place::OperandSlice(index, base) => {
                Ok(Some(Vn { place: Place::OperandSlice(index, base + offset), size: Size::Fixed(bytes) }))
            }
            _ => Ok(None),
        }
    }

    fn export(&mut self, at: Position, export: &ExportSyntax) -> Result<()> {
        let export = match export {
            ExportSyntax::Value(value) => Export::Value(self.value(value)?),
            ExportSyntax::Star(star, pointer) => {
                let (space, size) = self.star(star)?;
                let pointer = self.value(pointer)?;
                let Size::Fixed(size) = size else {
                    return Err(self.symbols.wrong(at, "what is exported needs a size"));
                };
                Export::Star { space, size, pointer }
            }
        };
        if self.template.export.replace(export).is_some() {
            return Err(self.symbols.wrong(at, "there are two exports"));
        }
        Ok(())
    }

    fn call_statement(&mut self, at: Position, name: &Name, arguments: &[Value]) -> Result<()> {
        match self.symbols.names.get(&name.text) {
            Some(Symbol::Macro(index)) => self.use_macro(at, name, *index, arguments),
            Some(Symbol::UserOp(index)) => {
                let inputs = self.user_op(*index, arguments)?;
                self.op(at, OpCode::CallOther, None, inputs)
            }
            _ => Err(self.symbols.wrong(name.at, format!("`{}` is no macro or user operation", name.text))),
        }
    }

    fn user_op(&mut self, index: usize, arguments: &[Value]) -> Result<Vec<Vn>> {
        let mut inputs = vec![Vn::constant(index as u64, Size::Fixed(4))];
        for argument in arguments {
            inputs.push(self.value(argument)?);
        }
        Ok(inputs)
    }

    fn use_macro(&mut self, at: Position, name: &Name, index: usize, arguments: &[Value]) -> Result<()> {
        let definition = &self.macros[index];
        if definition.parameters.len() != arguments.len() {
            let (wanted, given) = (definition.parameters.len(), arguments.len());
            let message = format!("`{}` takes {wanted} arguments, not {given}", name.text);
            return Err(self.symbols.wrong(name.at, message));
        }
        if self.scopes.len() > MAX_MACRO_DEPTH {
            return Err(self.symbols.wrong(at, "macros use each other too deeply"));
        }
        let mut scope = Scope::default();
        for (parameter, argument) in definition.parameters.iter().zip(arguments) {
            let value = self.value(argument)?;
            scope.names.insert(parameter.text.clone(), value);
        }
        self.scopes.push(scope);
        self.statements(&definition.body)?;
        self.close_scope()
    }

    // ---- values

    /// Computes a value into a varnode.
    fn value_into(&mut self, at: Position, value: &Value, target: Vn) -> Result<()> {
        let before = self.template.ops.len();
        let computed = self.value(value)?;
        // The last operation can write there directly if it made the value.
        if self.template.ops.len() > before
            && let Place::Temporary(_) = computed.place
            && let Some(last) = self.template.ops.last_mut()
            && last.output == Some(computed)
            && !matches!(value.kind, ValueKind::Symbol(_))
        {
            let Place::Temporary(index) = computed.place else { return Ok(()) };
            let size = self.template.temporaries[index];
            last.output = Some(target);
            let mut target = target;
            self.force(&mut target, size);
            if let Some(last) = self.template.ops.last_mut() {
                last.output = Some(target);
            }
            return Ok(());
        }
        // A new local takes the size of what it is.
        let size = self.template.size(&computed);
        let mut target = target;
        self.force(&mut target, size);
        self.op(at, OpCode::Copy, Some(target), vec![computed])
    }

    fn value(&mut self, value: &Value) -> Result<Vn> {
        let at = value.at;
        match &value.kind {
            ValueKind::Integer(number, size) => {
                Ok(Vn::constant(*number, size.map_or(Size::Unknown, |size| Size::Fixed(size as u32))))
            }
            ValueKind::Symbol(name) => {
                if let Some(Symbol::BitRange(range)) = self.symbols.names.get(&name.text)
                    && !self.scope().names.contains_key(&name.text)
                {
                    let range = self.symbols.bit_ranges[*range].clone();
                    let register = &self.symbols.registers[range.register];
                    let vn = Vn {
                        place: Place::Fixed { space: register.space as usize, offset: register.offset },
                        size: Size::Fixed(register.size),
                    };
                    return self.bits(at, vn, range.low.into(), range.bits.into());
                }
                self.varnode(name)
            }
            ValueKind::Truncate(name, bytes) => {
                let vn = self.varnode(name)?;
                self.bits(at, vn, 0, 8 * *bytes)
            }
            ValueKind::Bits(name, low, bits) => {
                let vn = self.varnode(name)?;
                self.bits(at, vn, *low, *bits)
            }
            ValueKind::AddressOf(size, name) => {
                let vn = self.varnode(name)?;
                let size = size.map(|size| Size::Fixed(size as u32));
                match vn.place {
                    Place::Fixed { space, offset } => {
                        let space = &self.symbols.spaces[space];
                        let address = Size::Fixed(space.address_size);
                        let offset = offset / u64::from(space.word_size);
                        Ok(Vn::constant(offset, size.unwrap_or(address)))
                    }
                    Place::Operand(index) => {
                        Ok(Vn { place: Place::OperandOffset(index), size: size.unwrap_or(Size::Unknown) })
                    }
                    // These are addresses already.
                    Place::Start | Place::Next | Place::Next2 => {
                        Ok(Vn { size: size.unwrap_or(vn.size), ..vn })
                    }
                    _ => Err(self.symbols.wrong(at, format!("`{}` has no address", name.text))),
                }
            }
            ValueKind::Load(star, pointer) => {
                let (space, size) = self.star(star)?;
                let pointer = self.value(pointer)?;
                let output = self.temporary(size);
                let space = Vn::constant(space as u64, Size::Fixed(4));
                self.op(at, OpCode::Load, Some(output), vec![space, pointer])?;
                Ok(output)
            }
            ValueKind::Unary(sign, inner) => {
                let inner = self.value(inner)?;
                let code = UNARY.iter().find(|(it, _)| it == sign).map_or(OpCode::Copy, |(_, code)| *code);
                let output = self.temporary(Size::Unknown);
                self.op(at, code, Some(output), vec![inner])?;
                Ok(output)
            }
            ValueKind::Binary(sign, left, right) => {
                let left = self.value(left)?;
                let right = self.value(right)?;
                let Some((_, code, swapped)) = BINARY.iter().find(|(it, ..)| it == sign) else {
                    return Err(self.symbols.wrong(at, format!("`{sign}` is no operator")));
                };
                let inputs = if *swapped { vec![right, left] } else { vec![left, right] };
                let output = self.temporary(Size::Unknown);
                self.op(at, *code, Some(output), inputs)?;
                Ok(output)
            }
            ValueKind::Call(name, arguments) => self.call_value(at, name, arguments),
        }
    }

    fn call_value(&mut self, at: Position, name: &Name, arguments: &[Value]) -> Result<Vn> {
        if let Some((_, code, count)) = FUNCTIONS.iter().find(|(it, ..)| *it == name.text) {
            if arguments.len() != *count {
                let message = format!("`{}` takes {count} arguments, not {}", name.text, arguments.len());
                return Err(self.symbols.wrong(name.at, message));
            }
            let mut inputs = Vec::with_capacity(*count);
            for argument in arguments {
                inputs.push(self.value(argument)?);
            }
            let output = self.temporary(Size::Unknown);
            self.op(at, *code, Some(output), inputs)?;
            return Ok(output);
        }
        if !self.scope().names.contains_key(&name.text)
            && let Some(Symbol::UserOp(index)) = self.symbols.names.get(&name.text)
        {
            let inputs = self.user_op(*index, arguments)?;
            let output = self.temporary(Size::Unknown);
            self.op(at, OpCode::CallOther, Some(output), inputs)?;
            return Ok(output);
        }
        // `name(offset)`: the bytes from there on.
        let vn = self.varnode(name)?;
        let [amount] = arguments else {
            return Err(self.symbols.wrong(name.at, format!("`{}` is no function", name.text)));
        };
        let amount = self.value(amount)?;
        let output = self.temporary(Size::Unknown);
        self.op(at, OpCode::SubPiece, Some(output), vec![vn, amount])?;
        Ok(output)
    }

    /// Some bits of a varnode as a value.
    fn bits(&mut self, at: Position, vn: Vn, low: u64, bits: u64) -> Result<Vn> {
        if bits == 0 || low + bits > 512 {
            return Err(self.symbols.wrong(at, "a bit range has 1 to 512 bits"));
        }
        let bytes = bits.div_ceil(8) as u32;
        let size = self.template.size(&vn);
        // A value without a size gets this one.
        if size == Size::Unknown
            && low == 0
            && bits.is_multiple_of(8)
            && !matches!(vn.place, Place::Temporary(_))
        {
            return Ok(Vn { size: Size::Fixed(bytes), ..vn });
        }
        if size == Size::Fixed(bytes) && low == 0 && bits.is_multiple_of(8) {
            return Ok(vn);
        }
        if low.is_multiple_of(8)
            && bits.is_multiple_of(8)
            && let Some(slice) = self.slice(vn, (low / 8) as u32, bytes)?
        {
            return Ok(slice);
        }
        let mut result = vn;
        let mut skip = 0;
        let needs_truncation = size != Size::Fixed(bytes);
        if low.is_multiple_of(8) && needs_truncation {
            skip = low / 8;
        } else if low != 0 {
            let shifted = self.temporary(size);
            let amount = Vn::constant(low, Size::Fixed(4));
            self.op(at, OpCode::IntRight, Some(shifted), vec![result, amount])?;
            result = shifted;
        }
        if needs_truncation {
            let truncated = self.temporary(Size::Fixed(bytes));
            let amount = Vn::constant(skip, Size::Fixed(4));
            self.op(at, OpCode::SubPiece, Some(truncated), vec![result, amount])?;
            result = truncated;
        }
        if !bits.is_multiple_of(8) {
            if bytes > 8 {
                return Err(self
                    .symbols
                    .wrong(at, "a bit range that is not of whole bytes has at most 64 bits"));
            }
            let masked = self.temporary(Size::Fixed(bytes));
            let mask = Vn::constant(u64::MAX >> (64 - bits), Size::Fixed(bytes));
            self.op(at, OpCode::IntAnd, Some(masked), vec![result, mask])?;
            result = masked;
        }
        Ok(result)
    }
}
