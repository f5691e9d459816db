//! Writes everything into the words of a [`Language`].

use hashbrown::HashMap;

use super::{
    constructor::{CommitAddress, Constructor, ContextAction, Definition, DisplayPiece},
    expression::{Expr, access},
    pattern::Alternative,
    symbols::{Attached, Symbols},
    template::{Code, Export, Place, Size, Template, Vn},
    tree::Node,
};
use crate::{
    error::{Error, Result},
    language::{FieldAccess, Language},
    layout,
    spec::syntax::{BinaryOperator, UnaryOperator},
};

pub(crate) struct Encoder<'a> {
    symbols: &'a Symbols<'a>,
    words: Vec<u32>,
    texts: Vec<String>,
    text_numbers: HashMap<String, u32>,
    /// Lists of attached things, by field.
    attachments: HashMap<usize, u32>,
    tables: Vec<u32>,
}

impl<'a> Encoder<'a> {
    pub(crate) fn new(symbols: &'a Symbols<'a>) -> Self {
        Self {
            symbols,
            // Offset 0 stands for nothing: an empty leaf, an empty list.
            words: vec![0],
            texts: Vec::new(),
            text_numbers: HashMap::new(),
            attachments: HashMap::new(),
            tables: Vec::new(),
        }
    }

    pub(crate) fn finish(self, alignment: u64) -> Result<Language> {
        let Self { symbols, words, texts, tables, .. } = self;
        let limit = 1 << 28;
        if words.len() > limit {
            return Err(Error::TooLarge { what: "tables", count: words.len(), limit });
        }
        let mut language = Language {
            big_endian: symbols.big_endian,
            alignment: alignment as u32,
            default_space: symbols.default_space as u32,
            spaces: symbols.spaces.clone(),
            registers: symbols.registers.clone(),
            user_ops: symbols.user_ops.clone(),
            context: symbols.context.clone(),
            texts,
            tables,
            words,
            by_name: HashMap::new(),
            by_place: HashMap::new(),
        };
        language.index();
        Ok(language)
    }

    fn here(&self) -> u32 {
        self.words.len() as u32
    }

    fn text(&mut self, text: &str) -> u32 {
        if let Some(number) = self.text_numbers.get(text) {
            return *number;
        }
        let number = self.texts.len() as u32;
        self.texts.push(text.to_owned());
        self.text_numbers.insert(text.to_owned(), number);
        number
    }

    fn long(&mut self, value: u64) {
        self.words.extend([value as u32, (value >> 32) as u32]);
    }

    /// A table: its tree, whose patterns belong to these constructors, given
    /// by their offsets.
    pub(crate) fn table(&mut self, node: &Node, patterns: &[(Alternative, u32)]) {
        let offsets: Vec<u32> =
            patterns.iter().map(|(pattern, constructor)| self.pattern(pattern, *constructor)).collect();
        let root = self.node(node, &offsets);
        self.tables.push(root);
    }

    fn pattern(&mut self, pattern: &Alternative, constructor: u32) -> u32 {
        let here = self.here();
        let (instruction, context) = (pattern.instruction, pattern.context);
        let halves = [
            (
                layout::pattern::INSTRUCTION_HIGH,
                (instruction.mask >> 64) as u64,
                (instruction.value >> 64) as u64,
            ),
            (layout::pattern::INSTRUCTION_LOW, instruction.mask as u64, instruction.value as u64),
            (layout::pattern::CONTEXT_HIGH, (context.mask >> 64) as u64, (context.value >> 64) as u64),
            (layout::pattern::CONTEXT_LOW, context.mask as u64, context.value as u64),
        ];
        let mut flags = 0;
        for (flag, mask, _) in halves {
            if mask != 0 {
                flags |= flag;
            }
        }
        self.words.extend([constructor, flags]);
        for (_, mask, value) in halves {
            if mask != 0 {
                self.long(mask);
                self.long(value);
            }
        }
        here
    }

    fn node(&mut self, node: &Node, patterns: &[u32]) -> u32 {
        match node {
            Node::Leaf(list) if list.is_empty() => 0,
            Node::Leaf(list) => {
                let here = self.here();
                self.words.push((list.len() as u32) << 2);
                self.words.extend(list.iter().map(|index| patterns[*index]));
                here
            }
            Node::Split(window, children) => {
                let here = self.here();
                let kind = if window.is_context { 2 } else { 1 };
                self.words.push(kind | window.start << 2 | window.bits << 16);
                self.words.resize(self.words.len() + children.len(), 0);
                for (index, child) in children.iter().enumerate() {
                    let child = self.node(child, patterns);
                    self.words[here as usize + 1 + index] = child;
                }
                here
            }
        }
    }

    /// A constructor; its offset.
    pub(crate) fn constructor(
        &mut self,
        constructor: &Constructor<'_>,
        template: Option<&Template>,
    ) -> Result<u32> {
        let operands = self.operands(constructor)?;
        let actions = self.actions(constructor)?;
        let display = self.display(constructor);
        let code = match template {
            Some(template) => self.template(template, constructor)?,
            None => 0,
        };
        let here = self.here();
        let mut flags = if template.is_none() { layout::FLAG_UNIMPLEMENTED } else { 0 };
        let in_operand = constructor.operands.iter().any(|operand| {
            matches!(&operand.definition, Some(Definition::Expression(expression)) if expression.has_next2())
        });
        if in_operand || template.is_some_and(Template::has_next2) {
            flags |= layout::FLAG_NEXT2;
        }
        let delay_slot = template.map_or(0, |template| template.delay_slot);
        let line = self.symbols.source.place(constructor.syntax.at).line;
        self.words.extend([
            constructor.operands.len() as u32 | flags,
            constructor.minimum_length | delay_slot << 8,
            operands,
            actions,
            display,
            code,
            constructor.table as u32 & 0xfff | line << 12,
        ]);
        Ok(here)
    }

    fn operands(&mut self, constructor: &Constructor<'_>) -> Result<u32> {
        use layout::operand;
        let mut encoded = Vec::with_capacity(constructor.operands.len());
        for it in &constructor.operands {
            let mut access_words = [0, 0];
            let (kind, data) = match &it.definition {
                Some(Definition::Table(table)) => (operand::TABLE, *table as u32),
                Some(Definition::Register(register)) => (operand::REGISTER, *register as u32),
                Some(Definition::Expression(expression)) => {
                    (operand::EXPRESSION, self.expression(expression, constructor)?)
                }
                Some(Definition::Field(field)) => {
                    let definition = &self.symbols.fields[*field];
                    access_words = access(definition, &self.symbols.tokens).encode();
                    let kind = match definition.attached {
                        Attached::Nothing => operand::VALUE,
                        Attached::Variables(_) => operand::VARIABLES,
                        Attached::Names(_) => operand::NAMES,
                        Attached::Values(_) => operand::VALUES,
                    };
                    (kind, self.attachment(*field))
                }
                None => (operand::VALUE, 0),
            };
            let base = it.base.map_or(operand::BEGINNING, |base| base as u32);
            encoded.push([
                kind | base << 8 | it.offset << 16 | it.minimum_length << 24,
                data,
                access_words[0],
                access_words[1],
            ]);
        }
        let here = self.here();
        for words in encoded {
            self.words.extend(words);
        }
        Ok(here)
    }

    /// The list of what is attached to a field: its length, then for each a
    /// word (plus one; 0 for a gap) or, for values, a flag and two words.
    fn attachment(&mut self, field: usize) -> u32 {
        if let Some(offset) = self.attachments.get(&field) {
            return *offset;
        }
        let list = match &self.symbols.fields[field].attached {
            Attached::Nothing => return 0,
            Attached::Variables(list) => {
                list.iter().map(|register| register.map_or(0, |register| register as u32 + 1)).collect()
            }
            Attached::Names(list) => {
                let mut words = Vec::with_capacity(list.len());
                for name in list {
                    words.push(name.as_ref().map_or(0, |name| self.text(name) + 1));
                }
                words
            }
            Attached::Values(list) => {
                let mut words = Vec::with_capacity(3 * list.len());
                for value in list {
                    let number = value.unwrap_or(0) as u64;
                    words.extend([u32::from(value.is_some()), number as u32, (number >> 32) as u32]);
                }
                words
            }
        };
        let here = self.here();
        let count = match &self.symbols.fields[field].attached {
            Attached::Values(list) => list.len(),
            _ => list.len(),
        };
        self.words.push(count as u32);
        self.words.extend(list);
        self.attachments.insert(field, here);
        here
    }

    fn expression(&mut self, expression: &Expr, constructor: &Constructor<'_>) -> Result<u32> {
        let mut code = Vec::new();
        let mut deepest = 0;
        postfix(expression, &mut code, 0, &mut deepest);
        if deepest > layout::expression::STACK {
            return Err(self.symbols.wrong(constructor.syntax.at, "an expression is too deep"));
        }
        let here = self.here();
        self.words.push(code.len() as u32);
        self.words.extend(code);
        Ok(here)
    }

    fn actions(&mut self, constructor: &Constructor<'_>) -> Result<u32> {
        use layout::action;
        if constructor.actions.is_empty() {
            return Ok(0);
        }
        let mut encoded = vec![constructor.actions.len() as u32];
        for it in &constructor.actions {
            match it {
                ContextAction::Set(high, low, value) => {
                    let value = self.expression(value, constructor)?;
                    encoded.extend([action::SET | high << 8 | low << 16, value]);
                }
                ContextAction::Commit(address, high, low, flows) => {
                    let address = match address {
                        CommitAddress::Operand(index) => *index as u32,
                        CommitAddress::Start => action::START,
                        CommitAddress::Next => action::NEXT,
                    };
                    encoded
                        .extend([action::COMMIT | high << 8 | low << 16, address | u32::from(*flows) << 8]);
                }
            }
        }
        let here = self.here();
        self.words.extend(encoded);
        Ok(here)
    }

    fn display(&mut self, constructor: &Constructor<'_>) -> u32 {
        let mut encoded = vec![constructor.display.len() as u32];
        for piece in &constructor.display {
            encoded.push(match piece {
                DisplayPiece::Text(text) => self.text(text),
                DisplayPiece::Operand(index) => *index as u32 | layout::DISPLAY_OPERAND,
            });
        }
        let here = self.here();
        self.words.extend(encoded);
        here
    }

    /// A template: the numbers of temporaries and labels; the sizes of the
    /// temporaries; the export; the number of words of code; the code.
    fn template(&mut self, template: &Template, constructor: &Constructor<'_>) -> Result<u32> {
        use layout::template as codes;
        let limit = 1 << 12;
        for (what, count) in [("temporaries", template.temporaries.len()), ("labels", template.labels)] {
            if count > limit {
                return Err(Error::TooLarge { what, count, limit });
            }
        }
        let mut encoded = vec![template.temporaries.len() as u32 | (template.labels as u32) << 16];
        for size in &template.temporaries {
            encoded.push(self.size(*size, constructor)?);
        }
        match &template.export {
            None => encoded.push(codes::EXPORT_NOTHING),
            Some(Export::Value(vn)) => {
                encoded.push(codes::EXPORT_VALUE);
                self.varnode(vn, template, constructor, &mut encoded)?;
            }
            Some(Export::Star { space, size, pointer }) => {
                encoded.push(codes::EXPORT_STAR | (*space as u32) << 8 | size << 16);
                self.varnode(pointer, template, constructor, &mut encoded)?;
            }
        }
        let mut code = Vec::new();
        for op in &template.ops {
            let head = match op.code {
                Code::Op(code) => code as u32,
                Code::Build(index) => codes::BUILD | (index as u32) << 16,
                Code::DelaySlot => codes::DELAY_SLOT,
                Code::Label(index) => codes::LABEL | (index as u32) << 16,
            };
            let inputs = op.inputs.len() as u32;
            if inputs > 64 {
                return Err(Error::TooLarge { what: "arguments", count: op.inputs.len(), limit: 64 });
            }
            code.push(head | inputs << 8 | u32::from(op.output.is_some()) << 15);
            for vn in op.output.iter().chain(&op.inputs) {
                self.varnode(vn, template, constructor, &mut code)?;
            }
        }
        encoded.push(code.len() as u32);
        encoded.extend(code);
        let here = self.here();
        self.words.extend(encoded);
        Ok(here)
    }

    fn size(&self, size: Size, constructor: &Constructor<'_>) -> Result<u32> {
        match size {
            Size::Fixed(size) if size < layout::template::SIZE_OF_OPERAND => Ok(size),
            Size::Operand(index) => Ok(layout::template::SIZE_OF_OPERAND | index as u32),
            Size::Unknown => Ok(0),
            Size::Fixed(_) => Err(self.symbols.wrong(constructor.syntax.at, "a value is too large")),
        }
    }

    /// A varnode: `place | number << 4 | size << 16`, then what the place
    /// needs.
    fn varnode(
        &self,
        vn: &Vn,
        template: &Template,
        constructor: &Constructor<'_>,
        words: &mut Vec<u32>,
    ) -> Result<()> {
        use layout::template as codes;
        let size = self.size(template.size(vn), constructor)? << 16;
        let mut long =
            |head: u32, value: u64| words.extend([head | size, value as u32, (value >> 32) as u32]);
        match vn.place {
            Place::Constant(value) => long(codes::CONSTANT, value),
            Place::Fixed { space, offset } => long(codes::FIXED | (space as u32) << 4, offset),
            Place::Temporary(index) => words.push(codes::TEMPORARY | (index as u32) << 4 | size),
            Place::Operand(index) => words.push(codes::OPERAND | (index as u32) << 4 | size),
            Place::OperandSlice(index, offset) => {
                words.extend([codes::OPERAND_SLICE | (index as u32) << 4 | size, offset]);
            }
            Place::OperandOffset(index) => words.push(codes::OPERAND_OFFSET | (index as u32) << 4 | size),
            Place::OperandAddress(index) => words.push(codes::OPERAND_ADDRESS | (index as u32) << 4 | size),
            Place::Start => words.push(codes::START | size),
            Place::Next => words.push(codes::NEXT | size),
            Place::Next2 => words.push(codes::NEXT2 | size),
            Place::Label(index) => words.push(codes::LABEL_PLACE | (index as u32) << 4),
        }
        Ok(())
    }
}

fn postfix(expression: &Expr, code: &mut Vec<u32>, depth: usize, deepest: &mut usize) {
    use layout::expression as codes;
    *deepest = (*deepest).max(depth + 1);
    match expression {
        Expr::Constant(value) => {
            code.extend([codes::CONSTANT, *value as u32, (*value as u64 >> 32) as u32]);
        }
        Expr::Field(access) => {
            let [first, second] = FieldAccess::encode(*access);
            code.extend([codes::FIELD, first, second]);
        }
        Expr::Operand(index) => code.push(codes::OPERAND | (*index as u32) << 8),
        Expr::Start => code.push(codes::START),
        Expr::ConstructorStart => code.push(codes::CONSTRUCTOR_START),
        Expr::Next => code.push(codes::NEXT),
        Expr::Next2 => code.push(codes::NEXT2),
        Expr::Unary(operator, inner) => {
            postfix(inner, code, depth, deepest);
            code.push(match operator {
                UnaryOperator::Negate => codes::NEGATE,
                UnaryOperator::Not => codes::NOT,
            });
        }
        Expr::Binary(operator, left, right) => {
            postfix(left, code, depth, deepest);
            postfix(right, code, depth + 1, deepest);
            code.push(match operator {
                BinaryOperator::Add => codes::ADD,
                BinaryOperator::Subtract => codes::SUBTRACT,
                BinaryOperator::Multiply => codes::MULTIPLY,
                BinaryOperator::Divide => codes::DIVIDE,
                BinaryOperator::ShiftLeft => codes::SHIFT_LEFT,
                BinaryOperator::ShiftRight => codes::SHIFT_RIGHT,
                BinaryOperator::And => codes::AND,
                BinaryOperator::Or => codes::OR,
                BinaryOperator::Xor => codes::XOR,
            });
        }
    }
}
