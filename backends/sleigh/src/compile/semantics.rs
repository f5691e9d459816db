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
/// How many macros one constructor may use, those within others included.
const MAX_MACRO_USES: usize = 1 << 12;
/// How many operations one constructor may have.
const MAX_OPS: usize = 1 << 14;

/// The names of one scope: a constructor or one use of a macro.
#[derive(Default)]
pub(super) struct Scope {
    pub(super) names: HashMap<String, Vn>,
    pub(super) labels: HashMap<String, Label>,
}

pub(super) struct Label {
    index: usize,
    is_placed: bool,
    at: Position,
}

pub(super) struct Compiler<'a> {
    pub(super) symbols: &'a Symbols<'a>,
    pub(super) macros: &'a [MacroSyntax],
    /// `None` where there is no constructor.
    pub(super) constructor: &'a Constructor<'a>,
    pub(super) template: Template,
    pub(super) scopes: Vec<Scope>,
    pub(super) built: Vec<bool>,
    pub(super) macro_uses: usize,
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
        macro_uses: 0,
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

    pub(super) fn scope(&mut self) -> &mut Scope {
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

    pub(super) fn temporary(&mut self, size: Size) -> Vn {
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

    pub(super) fn op(
        &mut self,
        at: Position,
        code: OpCode,
        output: Option<Vn>,
        inputs: Vec<Vn>,
    ) -> Result<()> {
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

    pub(super) fn star(&self, star: &Star) -> Result<(usize, Size)> {
        let space = match &star.space {
            None => self.symbols.default_space,
            Some(name) => self.space(name)?,
        };
        Ok((space, star.size.map_or(Size::Unknown, |size| Size::Fixed(size as u32))))
    }

    /// Gives a value a size if it has none.
    pub(super) fn force(&mut self, vn: &mut Vn, size: Size) {
        if self.template.size(vn) == Size::Unknown {
            match vn.place {
                Place::Temporary(index) => self.template.temporaries[index] = size,
                _ => vn.size = size,
            }
        }
    }

    /// What a name stands for.
    pub(super) fn varnode(&mut self, name: &Name) -> Result<Vn> {
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

    pub(super) fn user_op(&mut self, index: usize, arguments: &[Value]) -> Result<Vec<Vn>> {
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
        self.macro_uses += 1;
        if self.macro_uses > MAX_MACRO_USES {
            return Err(self.symbols.wrong(at, format!("more than {MAX_MACRO_USES} macros are used")));
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
}
