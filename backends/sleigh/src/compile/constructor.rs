//! Constructors: their operands, where these begin, and their patterns.

use super::{
    expression::{Expr, access, apply},
    pattern::TokenPattern,
    symbols::{Field, Place, Symbol, Symbols},
};
use crate::{
    error::Result,
    spec::{source::Position, syntax::*},
};

/// What an operand is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Definition {
    Table(usize),
    Field(usize),
    Register(usize),
    Expression(Expr),
}

#[derive(Debug, Clone)]
pub(crate) struct Operand {
    pub(crate) name: Name,
    pub(crate) definition: Option<Definition>,
    /// It is an expression, which has no place in the instruction.
    pub(crate) is_placeless: bool,
    /// The operand after which it begins; `None` for the constructor's own
    /// beginning.
    pub(crate) base: Option<usize>,
    /// The distance from there in bytes.
    pub(crate) offset: u32,
    pub(crate) minimum_length: u32,
    pub(crate) is_variable: bool,
}

/// What happens to the context.
#[derive(Debug, Clone)]
pub(crate) enum ContextAction {
    /// A field, as its highest and lowest bit, gets a value.
    Set(u32, u32, Expr),
    /// A field is what it is at an address from there on.
    Commit(CommitAddress, u32, u32, bool),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum CommitAddress {
    Operand(usize),
    Start,
    Next,
}

/// A constructor whose names are resolved.
pub(crate) struct Constructor<'a> {
    pub(crate) syntax: &'a ConstructorSyntax,
    pub(crate) table: usize,
    /// In the order in which they are decoded.
    pub(crate) operands: Vec<Operand>,
    /// The operands in the order in which they are mentioned first.
    pub(crate) mentioned: Vec<usize>,
    pub(crate) display: Vec<DisplayPiece>,
    pub(crate) actions: Vec<ContextAction>,
    pub(crate) pattern: TokenPattern,
    pub(crate) minimum_length: u32,
    equation: Equation,
}

#[derive(Debug, Clone)]
pub(crate) enum DisplayPiece {
    Text(String),
    Operand(usize),
}

/// A pattern whose names are resolved.
enum Equation {
    Always,
    And(Box<Equation>, Box<Equation>),
    Or(Box<Equation>, Box<Equation>),
    Then(Box<Equation>, Box<Equation>),
    RightEllipsis(Box<Equation>),
    LeftEllipsis(Box<Equation>),
    Operand(usize),
    Constraint(TokenPattern),
}

/// How far a walk through an equation has come.
struct Walk {
    /// Where the next operand begins: after an operand, at the beginning, or
    /// nobody knows.
    base: Base,
    offset: u32,
    rightmost: Option<usize>,
    size: Option<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Base {
    Beginning,
    After(usize),
    Unknown,
}

/// How deep tables may refer to each other.
const MAX_TABLE_DEPTH: usize = 100;
/// How many operands one constructor may have.
const MAX_OPERANDS: usize = 60;

/// Resolves the names of one constructor.
pub(crate) fn resolve<'a>(symbols: &Symbols<'_>, syntax: &'a ConstructorSyntax) -> Result<Constructor<'a>> {
    let table = match &syntax.table {
        None => 0,
        Some(name) => match symbols.names.get(&name.text) {
            Some(Symbol::Table(table)) => *table,
            _ => return Err(symbols.wrong(name.at, format!("`{}` is not a table", name.text))),
        },
    };
    let mut constructor = Constructor {
        syntax,
        table,
        operands: Vec::new(),
        mentioned: Vec::new(),
        display: Vec::new(),
        actions: Vec::new(),
        pattern: TokenPattern::always(),
        minimum_length: 0,
        equation: Equation::Always,
    };
    for piece in &syntax.display {
        let piece = match piece {
            Display::Text(text) => DisplayPiece::Text(text.clone()),
            Display::Operand(name) => DisplayPiece::Operand(match constructor.find(&name.text) {
                Some(operand) => operand,
                None => constructor.add(name.clone(), None),
            }),
        };
        constructor.display.push(piece);
    }
    constructor.equation = constructor.equation(symbols, &syntax.pattern)?;
    for action in &syntax.actions {
        constructor.action(symbols, action)?;
    }
    for index in 0..constructor.operands.len() {
        if constructor.operands[index].definition.is_none() {
            // A displayed name that the pattern does not mention.
            constructor.define_itself(symbols, index)?;
        }
    }
    if constructor.operands.len() > MAX_OPERANDS {
        return Err(
            symbols.wrong(syntax.at, format!("the constructor has more than {MAX_OPERANDS} operands"))
        );
    }
    Ok(constructor)
}

impl Constructor<'_> {
    fn find(&self, name: &str) -> Option<usize> {
        self.operands.iter().position(|operand| operand.name.text == name)
    }

    fn add(&mut self, name: Name, definition: Option<Definition>) -> usize {
        self.operands.push(Operand {
            name,
            definition,
            is_placeless: false,
            base: None,
            offset: 0,
            minimum_length: 0,
            is_variable: false,
        });
        self.operands.len() - 1
    }

    /// Defines an operand by the global symbol of its name.
    fn define_itself(&mut self, symbols: &Symbols<'_>, index: usize) -> Result<()> {
        let operand = &mut self.operands[index];
        let name = &operand.name;
        let definition = match symbols.names.get(&name.text) {
            Some(Symbol::Table(table)) => Definition::Table(*table),
            Some(Symbol::Field(field)) => match symbols.fields[*field].before {
                Some((attached, plain)) if name.at < attached => Definition::Field(plain),
                _ => Definition::Field(*field),
            },
            Some(Symbol::Register(register)) => Definition::Register(*register),
            Some(Symbol::Start) => Definition::Expression(Expr::Start),
            Some(Symbol::Next) => Definition::Expression(Expr::Next),
            Some(Symbol::Next2) => Definition::Expression(Expr::Next2),
            Some(_) => return Err(symbols.wrong(name.at, format!("`{}` cannot be an operand", name.text))),
            None => return Err(symbols.wrong(name.at, format!("`{}` is not defined", name.text))),
        };
        operand.is_placeless = matches!(definition, Definition::Expression(_) | Definition::Register(_));
        operand.definition = Some(definition);
        Ok(())
    }

    fn equation(&mut self, symbols: &Symbols<'_>, pattern: &Pattern) -> Result<Equation> {
        let mut pair = |left: &Pattern, right: &Pattern| -> Result<(Box<Equation>, Box<Equation>)> {
            Ok((Box::new(self.equation(symbols, left)?), Box::new(self.equation(symbols, right)?)))
        };
        match pattern {
            Pattern::Always => Ok(Equation::Always),
            Pattern::And(left, right) => pair(left, right).map(|(left, right)| Equation::And(left, right)),
            Pattern::Or(left, right) => pair(left, right).map(|(left, right)| Equation::Or(left, right)),
            Pattern::Then(left, right) => pair(left, right).map(|(left, right)| Equation::Then(left, right)),
            Pattern::RightEllipsis(inner) => {
                Ok(Equation::RightEllipsis(Box::new(self.equation(symbols, inner)?)))
            }
            Pattern::LeftEllipsis(inner) => {
                Ok(Equation::LeftEllipsis(Box::new(self.equation(symbols, inner)?)))
            }
            Pattern::Symbol(name) => {
                let index = match self.find(&name.text) {
                    Some(index) => index,
                    None => self.add(name.clone(), None),
                };
                if self.operands[index].definition.is_none() {
                    self.define_itself(symbols, index)?;
                }
                Ok(Equation::Operand(index))
            }
            Pattern::Constraint(name, comparison, expression) => {
                let Some(Symbol::Field(field)) = symbols.names.get(&name.text) else {
                    // An operand of the constructor is defined here.
                    if let (Some(index), Comparison::Equal) = (self.find(&name.text), comparison)
                        && self.operands[index].definition.is_none()
                    {
                        let expression = self.expression(symbols, expression)?;
                        self.operands[index].definition = Some(Definition::Expression(expression));
                        self.operands[index].is_placeless = true;
                        return Ok(Equation::Always);
                    }
                    return Err(symbols.wrong(name.at, format!("`{}` is not a field", name.text)));
                };
                constraint(symbols, *field, *comparison, expression, name.at).map(Equation::Constraint)
            }
        }
    }

    fn action(&mut self, symbols: &Symbols<'_>, action: &Action) -> Result<()> {
        match action {
            Action::Assign(name, expression) => {
                let value = self.expression(symbols, expression)?;
                match self.find(&name.text) {
                    Some(index) if self.operands[index].definition.is_none() => {
                        self.operands[index].definition = Some(Definition::Expression(value));
                        self.operands[index].is_placeless = true;
                        return Ok(());
                    }
                    _ => {}
                }
                match symbols.names.get(&name.text) {
                    Some(Symbol::Field(field)) => match symbols.fields[*field].place {
                        Place::Context(high, low) => {
                            self.actions.push(ContextAction::Set(high, low, value));
                            Ok(())
                        }
                        Place::Token(..) => {
                            Err(symbols.wrong(name.at, format!("`{}` is no context field", name.text)))
                        }
                    },
                    Some(_) => Err(symbols.wrong(name.at, format!("`{}` cannot be assigned", name.text))),
                    None if self.find(&name.text).is_some() => {
                        Err(symbols.wrong(name.at, format!("`{}` has a value already", name.text)))
                    }
                    None => {
                        let index = self.add(name.clone(), Some(Definition::Expression(value)));
                        self.operands[index].is_placeless = true;
                        Ok(())
                    }
                }
            }
            Action::Commit(address, field) => {
                let address = match (self.find(&address.text), symbols.names.get(&address.text)) {
                    (Some(index), _) => CommitAddress::Operand(index),
                    (None, Some(Symbol::Start)) => CommitAddress::Start,
                    (None, Some(Symbol::Next)) => CommitAddress::Next,
                    _ => {
                        let message = format!("`{}` is not an operand", address.text);
                        return Err(symbols.wrong(address.at, message));
                    }
                };
                let Some(Symbol::Field(index)) = symbols.names.get(&field.text) else {
                    return Err(symbols.wrong(field.at, format!("`{}` is no context field", field.text)));
                };
                let Place::Context(high, low) = symbols.fields[*index].place else {
                    return Err(symbols.wrong(field.at, format!("`{}` is no context field", field.text)));
                };
                let flows = symbols.context.iter().any(|it| it.name == field.text && it.flows);
                self.actions.push(ContextAction::Commit(address, high, low, flows));
                Ok(())
            }
        }
    }

    /// Resolves an expression; operands come before global fields.
    fn expression(&self, symbols: &Symbols<'_>, expression: &Expression) -> Result<Expr> {
        Ok(match expression {
            Expression::Integer(value) => Expr::Constant(*value as i64),
            Expression::Unary(operator, inner) => {
                Expr::Unary(*operator, Box::new(self.expression(symbols, inner)?))
            }
            Expression::Binary(operator, left, right) => Expr::Binary(
                *operator,
                Box::new(self.expression(symbols, left)?),
                Box::new(self.expression(symbols, right)?),
            ),
            Expression::Symbol(name) => match (self.find(&name.text), symbols.names.get(&name.text)) {
                (Some(index), _) => Expr::Operand(index),
                (None, Some(Symbol::Field(field))) => {
                    Expr::Field(access(&symbols.fields[*field], &symbols.tokens))
                }
                (None, Some(Symbol::Start)) => Expr::Start,
                (None, Some(Symbol::Next)) => Expr::Next,
                (None, Some(Symbol::Next2)) => Expr::Next2,
                // For Ghidra a register stands for 0 here.
                (None, Some(Symbol::Register(_))) => Expr::Constant(0),
                (None, Some(_)) => {
                    return Err(symbols.wrong(name.at, format!("`{}` has no value here", name.text)));
                }
                (None, None) => return Err(symbols.wrong(name.at, format!("`{}` is not defined", name.text))),
            },
        })
    }
}

impl Constructor<'_> {
    /// Puts the operands in the order in which they are decoded: that of the
    /// pattern, but none before the one that it begins after; expressions
    /// come last.
    fn reorder(&mut self) -> Result<(), String> {
        let mut wanted = Vec::with_capacity(self.operands.len());
        self.equation.operands(&mut wanted);
        wanted.extend(0..self.operands.len());
        let mut numbers: Vec<Option<usize>> = vec![None; self.operands.len()];
        let mut order = Vec::with_capacity(self.operands.len());
        loop {
            let before = order.len();
            for index in &wanted {
                let operand = &self.operands[*index];
                if numbers[*index].is_none()
                    && !operand.is_placeless
                    && operand.base.is_none_or(|base| numbers[base].is_some())
                {
                    numbers[*index] = Some(order.len());
                    order.push(*index);
                }
            }
            if order.len() == before {
                break;
            }
        }
        for index in &wanted {
            if numbers[*index].is_none() && self.operands[*index].is_placeless {
                numbers[*index] = Some(order.len());
                order.push(*index);
            }
        }
        let numbers: Vec<usize> = numbers.iter().flatten().copied().collect();
        if numbers.len() < self.operands.len() {
            return Err("operands begin after each other in a circle".to_owned());
        }
        self.operands = order.iter().map(|index| self.operands[*index].clone()).collect();
        for operand in &mut self.operands {
            operand.base = operand.base.map(|base| numbers[base]);
            if let Some(Definition::Expression(expression)) = &mut operand.definition {
                expression.renumber(&numbers);
            }
        }
        for piece in &mut self.display {
            if let DisplayPiece::Operand(index) = piece {
                *index = numbers[*index];
            }
        }
        for action in &mut self.actions {
            match action {
                ContextAction::Set(_, _, value) => value.renumber(&numbers),
                ContextAction::Commit(CommitAddress::Operand(index), ..) => *index = numbers[*index],
                ContextAction::Commit(..) => {}
            }
        }
        self.mentioned = numbers;
        Ok(())
    }
}

/// How a field is compared with an expression.
fn constraint(
    symbols: &Symbols<'_>,
    field: usize,
    comparison: Comparison,
    expression: &Expression,
    at: Position,
) -> Result<TokenPattern> {
    let definition = &symbols.fields[field];
    let mut variables = Vec::new();
    collect_fields(symbols, expression, &mut variables)?;
    if variables.is_empty() {
        let value = evaluate(symbols, expression, &[])?;
        let ranges = matching(definition, comparison, value);
        return Ok(TokenPattern::field(definition.place, &symbols.tokens, &ranges));
    }
    // The expression has fields in it: every combination of their values is
    // an alternative.
    let widths: Vec<u32> = variables.iter().map(|field| width(&symbols.fields[*field])).collect();
    let bits: u32 = widths.iter().sum();
    if bits > 12 {
        return Err(symbols.wrong(at, "the fields of the constraint have more than 12 bits in all"));
    }
    let mut result: Option<TokenPattern> = None;
    for combination in 0..1u64 << bits {
        let mut rest = combination;
        let mut pattern = TokenPattern::always();
        let mut values = Vec::with_capacity(variables.len());
        for (variable, width) in variables.iter().zip(&widths) {
            let raw = rest & ((1 << width) - 1);
            rest >>= width;
            let variable_field = &symbols.fields[*variable];
            values.push((*variable, signed_value(variable_field, raw)));
            let single = TokenPattern::field(variable_field.place, &symbols.tokens, &[(raw, raw)]);
            pattern = pattern.and(&single, &symbols.tokens).map_err(|message| symbols.wrong(at, message))?;
        }
        let value = evaluate(symbols, expression, &values)?;
        let ranges = matching(definition, comparison, value);
        let own = TokenPattern::field(definition.place, &symbols.tokens, &ranges);
        let both = pattern.and(&own, &symbols.tokens).map_err(|message| symbols.wrong(at, message))?;
        result = Some(match result {
            None => both,
            Some(result) => {
                result.or(&both, &symbols.tokens).map_err(|message| symbols.wrong(at, message))?
            }
        });
    }
    Ok(result.unwrap_or_default())
}

fn width(field: &Field) -> u32 {
    match field.place {
        Place::Token(_, low, high) => high - low + 1,
        Place::Context(high, low) => low - high + 1,
    }
}

fn signed_value(field: &Field, raw: u64) -> i64 {
    let unused = 64 - width(field);
    if field.signed { (raw << unused) as i64 >> unused } else { raw as i64 }
}

/// The raw values of a field for which the comparison holds, as ranges.
///
/// For equality the raw bits are compared, so that `255` and `-1` are the
/// same for a signed byte.
fn matching(field: &Field, comparison: Comparison, value: i64) -> Vec<(u64, u64)> {
    let width = width(field);
    let all = if width == 64 { u64::MAX } else { (1 << width) - 1 };
    let raw = value as u64 & all;
    let fits = value as u64 <= all
        || (value < 0 && (value as u64 | all) == u64::MAX && value >> (width - 1).min(63) == -1);
    match comparison {
        Comparison::Equal => return if fits { vec![(raw, raw)] } else { Vec::new() },
        Comparison::NotEqual => {
            let mut ranges = Vec::new();
            if !fits {
                return vec![(0, all)];
            }
            if raw > 0 {
                ranges.push((0, raw - 1));
            }
            if raw < all {
                ranges.push((raw + 1, all));
            }
            return ranges;
        }
        _ => {}
    }
    // The values from `first` to `last` match.
    let (minimum, maximum) = if field.signed {
        (signed_value(field, 1 << (width - 1)), (all >> 1) as i64)
    } else {
        (0, all.min(i64::MAX as u64) as i64)
    };
    let (first, last) = match comparison {
        Comparison::Less => (minimum, value.saturating_sub(1)),
        Comparison::LessEqual => (minimum, value),
        Comparison::Greater => (value.saturating_add(1), maximum),
        _ => (value, maximum),
    };
    let (first, last) = (first.max(minimum), last.min(maximum));
    if first > last {
        return Vec::new();
    }
    if first < 0 && last >= 0 {
        return vec![(0, last as u64), (first as u64 & all, all)];
    }
    vec![(first as u64 & all, last as u64 & all)]
}

fn collect_fields(symbols: &Symbols<'_>, expression: &Expression, fields: &mut Vec<usize>) -> Result<()> {
    match expression {
        Expression::Integer(_) => Ok(()),
        Expression::Unary(_, inner) => collect_fields(symbols, inner, fields),
        Expression::Binary(_, left, right) => {
            collect_fields(symbols, left, fields)?;
            collect_fields(symbols, right, fields)
        }
        Expression::Symbol(name) => match symbols.names.get(&name.text) {
            Some(Symbol::Field(field)) => {
                if !fields.contains(field) {
                    fields.push(*field);
                }
                Ok(())
            }
            _ => Err(symbols.wrong(name.at, format!("`{}` is not a field", name.text))),
        },
    }
}

fn evaluate(symbols: &Symbols<'_>, expression: &Expression, values: &[(usize, i64)]) -> Result<i64> {
    Ok(match expression {
        Expression::Integer(value) => *value as i64,
        Expression::Unary(UnaryOperator::Negate, inner) => evaluate(symbols, inner, values)?.wrapping_neg(),
        Expression::Unary(UnaryOperator::Not, inner) => !evaluate(symbols, inner, values)?,
        Expression::Binary(operator, left, right) => {
            apply(*operator, evaluate(symbols, left, values)?, evaluate(symbols, right, values)?)
        }
        Expression::Symbol(name) => {
            let Some(Symbol::Field(field)) = symbols.names.get(&name.text) else {
                return Err(symbols.wrong(name.at, format!("`{}` is not a field", name.text)));
            };
            values.iter().find(|(variable, _)| variable == field).map_or(0, |(_, value)| *value)
        }
    })
}

/// The patterns of all tables, made as they are needed.
pub(crate) struct PatternBuilder<'a, 'b> {
    pub(crate) symbols: &'a Symbols<'a>,
    pub(crate) constructors: &'a mut [Constructor<'b>],
    /// The constructors of each table.
    pub(crate) by_table: Vec<Vec<usize>>,
    tables: Vec<TableState>,
    depth: usize,
}

enum TableState {
    NotBuilt,
    BeingBuilt,
    Built(TokenPattern),
}

impl<'a, 'b> PatternBuilder<'a, 'b> {
    pub(crate) fn new(symbols: &'a Symbols<'a>, constructors: &'a mut [Constructor<'b>]) -> Self {
        let mut by_table = vec![Vec::new(); symbols.tables.len()];
        for (index, constructor) in constructors.iter().enumerate() {
            by_table[constructor.table].push(index);
        }
        let tables = symbols.tables.iter().map(|_| TableState::NotBuilt).collect();
        Self { symbols, constructors, by_table, tables, depth: 0 }
    }

    /// Builds the patterns of all constructors.
    pub(crate) fn build(&mut self) -> Result<()> {
        for table in 0..self.tables.len() {
            self.table(table)?;
        }
        Ok(())
    }

    /// What the constructors of a table have in common.
    fn table(&mut self, table: usize) -> Result<TokenPattern> {
        if let TableState::Built(pattern) = &self.tables[table] {
            return Ok(pattern.clone());
        }
        self.tables[table] = TableState::BeingBuilt;
        self.depth += 1;
        let mut common: Option<TokenPattern> = None;
        for index in self.by_table[table].clone() {
            self.constructor(index)?;
            let pattern = &self.constructors[index].pattern;
            common = Some(match common {
                None => pattern.clone(),
                Some(common) => pattern
                    .common(&common)
                    .map_err(|message| self.symbols.wrong(self.constructors[index].syntax.at, message))?,
            });
        }
        self.depth -= 1;
        let pattern = common.unwrap_or_default();
        self.tables[table] = TableState::Built(pattern.clone());
        Ok(pattern)
    }

    fn constructor(&mut self, index: usize) -> Result<()> {
        let at = self.constructors[index].syntax.at;
        let symbols = self.symbols;
        let wrong = |message: String| symbols.wrong(at, message);
        if self.depth > MAX_TABLE_DEPTH {
            return Err(wrong("tables refer to each other too deeply".to_owned()));
        }
        let mut recursive = false;
        let mut patterns: Vec<TokenPattern> = Vec::new();
        for operand in 0..self.constructors[index].operands.len() {
            let pattern = match self.constructors[index].operands[operand].definition.clone() {
                Some(Definition::Table(table)) => {
                    if matches!(self.tables[table], TableState::BeingBuilt) {
                        recursive = true;
                        TokenPattern::always()
                    } else {
                        self.table(table)?
                    }
                }
                Some(Definition::Field(field)) => match symbols.fields[field].place {
                    Place::Token(token, ..) => TokenPattern::any_token(token),
                    Place::Context(..) => TokenPattern::always(),
                },
                Some(Definition::Expression(expression)) => {
                    least(&expression, &patterns, symbols).map_err(wrong)?
                }
                _ => TokenPattern::always(),
            };
            let operand = &mut self.constructors[index].operands[operand];
            operand.minimum_length = pattern.length(&symbols.tokens);
            operand.is_variable = pattern.is_variable();
            patterns.push(pattern);
        }
        let mut walk = Walk { base: Base::Beginning, offset: 0, rightmost: None, size: None };
        let constructor = &mut self.constructors[index];
        let equation = std::mem::replace(&mut constructor.equation, Equation::Always);
        let mut pattern = equation.pattern(&patterns, symbols).map_err(wrong)?;
        place(&equation, &mut constructor.operands, &patterns, &mut walk, symbols).map_err(wrong)?;
        constructor.equation = equation;
        if recursive {
            pattern.right_ellipsis = true;
        }
        constructor.minimum_length = pattern.length(&symbols.tokens);
        constructor.pattern = pattern;
        // An operand after one of fixed length has a fixed place as well.
        for index in 0..constructor.operands.len() {
            let (mut base, mut offset) =
                (constructor.operands[index].base, constructor.operands[index].offset);
            while let Some(before) = base {
                let before = &constructor.operands[before];
                if before.is_variable {
                    break;
                }
                offset += before.minimum_length + before.offset;
                base = before.base;
            }
            if base.is_none() {
                constructor.operands[index].base = None;
                constructor.operands[index].offset = offset;
            }
        }
        constructor.reorder().map_err(wrong)?;
        if constructor.operands.iter().any(|operand| operand.offset > 255 || operand.minimum_length > 255)
            || constructor.minimum_length > 255
        {
            return Err(wrong("the instruction is longer than 255 bytes".to_owned()));
        }
        Ok(())
    }
}

/// The tokens that an expression needs.
fn least(
    expression: &Expr,
    operands: &[TokenPattern],
    symbols: &Symbols<'_>,
) -> Result<TokenPattern, String> {
    Ok(match expression {
        Expr::Operand(index) => {
            let pattern = operands.get(*index).cloned().unwrap_or_default();
            TokenPattern { alternatives: TokenPattern::always().alternatives, ..pattern }
        }
        Expr::Unary(_, inner) => least(inner, operands, symbols)?,
        Expr::Binary(_, left, right) => {
            let (left, right) = (least(left, operands, symbols)?, least(right, operands, symbols)?);
            // The expression takes no room of its own: what does not align
            // is of no concern.
            left.and(&right, &symbols.tokens).unwrap_or_default()
        }
        _ => TokenPattern::always(),
    })
}

impl Equation {
    /// The operands in the order of the pattern.
    fn operands(&self, found: &mut Vec<usize>) {
        match self {
            Self::Always | Self::Constraint(_) => {}
            Self::And(left, right) | Self::Or(left, right) | Self::Then(left, right) => {
                left.operands(found);
                right.operands(found);
            }
            Self::RightEllipsis(inner) | Self::LeftEllipsis(inner) => inner.operands(found),
            Self::Operand(index) => found.push(*index),
        }
    }

    fn pattern(&self, operands: &[TokenPattern], symbols: &Symbols<'_>) -> Result<TokenPattern, String> {
        let tokens = &symbols.tokens;
        match self {
            Self::Always => Ok(TokenPattern::always()),
            Self::And(left, right) => {
                left.pattern(operands, symbols)?.and(&right.pattern(operands, symbols)?, tokens)
            }
            Self::Or(left, right) => {
                left.pattern(operands, symbols)?.or(&right.pattern(operands, symbols)?, tokens)
            }
            Self::Then(left, right) => {
                left.pattern(operands, symbols)?.then(&right.pattern(operands, symbols)?, tokens)
            }
            Self::RightEllipsis(inner) => {
                Ok(TokenPattern { right_ellipsis: true, ..inner.pattern(operands, symbols)? })
            }
            Self::LeftEllipsis(inner) => {
                Ok(TokenPattern { left_ellipsis: true, ..inner.pattern(operands, symbols)? })
            }
            Self::Operand(index) => Ok(operands[*index].clone()),
            Self::Constraint(pattern) => Ok(pattern.clone()),
        }
    }
}

/// Finds where each operand begins.
fn place(
    equation: &Equation,
    operands: &mut [Operand],
    patterns: &[TokenPattern],
    walk: &mut Walk,
    symbols: &Symbols<'_>,
) -> Result<(), String> {
    match equation {
        Equation::Always => {
            walk.rightmost = None;
            walk.size = Some(0);
        }
        Equation::Constraint(pattern) => {
            walk.rightmost = None;
            walk.size = (!pattern.is_variable()).then(|| pattern.length(&symbols.tokens));
        }
        Equation::Operand(index) => {
            let operand = &mut operands[*index];
            if operand.is_placeless {
                (operand.base, operand.offset) = (None, 0);
                return Ok(());
            }
            operand.base = match walk.base {
                Base::Beginning => None,
                Base::After(before) => Some(before),
                Base::Unknown => {
                    return Err(format!("where `{}` begins is not known", operand.name.text));
                }
            };
            operand.offset = walk.offset;
            walk.rightmost = Some(*index);
            walk.size = Some(0);
        }
        Equation::And(left, right) | Equation::Or(left, right) => {
            place(right, operands, patterns, walk, symbols)?;
            let kept = match (walk.rightmost, walk.size) {
                (Some(rightmost), Some(size)) => (Some(rightmost), Some(size)),
                _ => (None, None),
            };
            place(left, operands, patterns, walk, symbols)?;
            if walk.rightmost.is_none() || walk.size.is_none() {
                (walk.rightmost, walk.size) = kept;
            }
        }
        Equation::Then(left, right) => {
            place(left, operands, patterns, walk, symbols)?;
            let (base, offset) = (walk.base, walk.offset);
            let pattern = left.pattern(patterns, symbols)?;
            if !pattern.is_variable() {
                walk.offset += pattern.length(&symbols.tokens);
            } else if let Some(rightmost) = walk.rightmost {
                walk.base = Base::After(rightmost);
                walk.offset = walk.size.unwrap_or(0);
            } else if let Some(size) = walk.size {
                walk.offset += size;
            } else {
                walk.base = Base::Unknown;
            }
            let (rightmost, size) = (walk.rightmost, walk.size);
            place(right, operands, patterns, walk, symbols)?;
            (walk.base, walk.offset) = (base, offset);
            if walk.rightmost.is_none()
                && let (Some(now), Some(_), Some(before)) = (walk.size, rightmost, size)
            {
                walk.rightmost = rightmost;
                walk.size = Some(now + before);
            }
        }
        Equation::LeftEllipsis(inner) => {
            let base = std::mem::replace(&mut walk.base, Base::Unknown);
            place(inner, operands, patterns, walk, symbols)?;
            walk.base = base;
        }
        Equation::RightEllipsis(inner) => {
            place(inner, operands, patterns, walk, symbols)?;
            walk.size = None;
        }
    }
    Ok(())
}
