//! Constructors: their operands, their display and what they do to the
//! context.

use super::{
    constraint::constraint,
    expression::{Expr, access},
    pattern::TokenPattern,
    symbols::{Place, Symbol, Symbols},
};
use crate::{error::Result, spec::syntax::*};

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
    pub(crate) equation: Equation,
}

#[derive(Debug, Clone)]
pub(crate) enum DisplayPiece {
    Text(String),
    Operand(usize),
}

/// A pattern whose names are resolved.
pub(crate) enum Equation {
    Always,
    And(Box<Equation>, Box<Equation>),
    Or(Box<Equation>, Box<Equation>),
    Then(Box<Equation>, Box<Equation>),
    RightEllipsis(Box<Equation>),
    LeftEllipsis(Box<Equation>),
    Operand(usize),
    Constraint(TokenPattern),
}

/// How many steps an expression may take.
const MAX_STEPS: u32 = 1 << 11;
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
    constructor.check_expressions(symbols)?;
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

    /// Expressions must not need themselves, nor be too long when all that
    /// they are made of is put into them.
    fn check_expressions(&self, symbols: &Symbols<'_>) -> Result<()> {
        let mut known = vec![None; self.operands.len()];
        for index in 0..self.operands.len() {
            if self.steps(&Expr::Operand(index), &mut known, 0).is_none_or(|steps| steps > MAX_STEPS) {
                let name = &self.operands[index].name;
                let message = format!("the expression of `{}` is endless or too long", name.text);
                return Err(symbols.wrong(name.at, message));
            }
        }
        Ok(())
    }

    /// How many steps an expression takes; `None`: it goes in circles.
    fn steps(&self, expression: &Expr, known: &mut [Option<u32>], depth: usize) -> Option<u32> {
        Some(match expression {
            Expr::Operand(index) => {
                let Definition::Expression(inner) = self.operands[*index].definition.as_ref()? else {
                    return Some(1);
                };
                if let Some(steps) = known[*index] {
                    return Some(steps);
                }
                if depth > self.operands.len() {
                    return None;
                }
                let steps = self.steps(inner, known, depth + 1)?.saturating_add(1);
                known[*index] = Some(steps);
                steps
            }
            Expr::Unary(_, inner) => self.steps(inner, known, depth)?.saturating_add(1),
            Expr::Binary(_, left, right) => {
                let left = self.steps(left, known, depth)?;
                left.saturating_add(self.steps(right, known, depth)?).saturating_add(1)
            }
            _ => 1,
        })
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
                (None, Some(Symbol::ConstructorStart)) => Expr::ConstructorStart,
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
