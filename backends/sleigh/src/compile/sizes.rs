//! The sizes that are not written down: found from what they meet, as
//! Ghidra's compiler finds them (`PcodeCompile::fillinZero`).

use super::{
    symbols::{Symbols, VIRTUAL_MACHINES},
    template::{Code, Export, Op, Place, Size, Template, Vn},
};
use crate::{error::Result, pcode::OpCode};

/// Gives a size to everything.
pub(crate) fn propagate(template: &mut Template, symbols: &Symbols<'_>) -> Result<()> {
    let mut ops = std::mem::take(&mut template.ops);
    loop {
        let mut changed = false;
        for op in &mut ops {
            changed |= fill(op, template, symbols);
        }
        // What is known later is found much faster backwards.
        if changed {
            for op in ops.iter_mut().rev() {
                fill(op, template, symbols);
            }
        }
        if !changed {
            break;
        }
    }
    // What nothing is known of.
    for op in &mut ops {
        if op.code == Code::Op(OpCode::CallOther) {
            let address = Size::Fixed(symbols.spaces[symbols.default_space].address_size);
            for input in &mut op.inputs {
                set(template, input, address);
            }
        }
        let all = op.inputs.iter().chain(&op.output);
        for vn in all {
            if is_exported_pointer(template, vn) {
                continue;
            }
            if template.size(vn) == Size::Unknown && !matches!(vn.place, Place::Label(_)) {
                return Err(symbols.wrong(op.at, "the size of a value is not known"));
            }
        }
    }
    template.ops = ops;
    // A pointer that is exported has the size of addresses.
    if let Some(Export::Star { space, size, mut pointer }) = template.export {
        let address = match space {
            0 => size,
            _ => symbols.spaces[space].address_size,
        };
        set(template, &mut pointer, Size::Fixed(address));
        template.export = Some(Export::Star { space, size, pointer });
    }
    Ok(())
}

/// Whether it is a pointer that is exported, whose size is that of addresses.
fn is_exported_pointer(template: &Template, vn: &Vn) -> bool {
    matches!(vn.place, Place::Temporary(_))
        && matches!(template.export, Some(Export::Star { pointer, .. }) if pointer.place == vn.place)
}

/// Sets a size that is not known; whether it was not.
fn set(template: &mut Template, vn: &mut Vn, size: Size) -> bool {
    if size == Size::Unknown || matches!(vn.place, Place::Label(_)) || template.size(vn) != Size::Unknown {
        return false;
    }
    match vn.place {
        Place::Temporary(index) => template.temporaries[index] = size,
        _ => vn.size = size,
    }
    true
}

/// Gives all of these the size that one of them has.
fn same(template: &mut Template, vns: &mut [&mut Vn]) -> bool {
    let known = vns.iter().map(|vn| template.size(vn)).find(|size| *size != Size::Unknown);
    let Some(known) = known else { return false };
    let mut changed = false;
    for vn in vns {
        changed |= set(template, vn, known);
    }
    changed
}

fn fill(op: &mut Op, template: &mut Template, symbols: &Symbols<'_>) -> bool {
    use OpCode::*;
    let Code::Op(code) = op.code else { return false };
    let Op { output, inputs, .. } = op;
    let address = Size::Fixed(symbols.spaces[symbols.default_space].address_size);
    match code {
        Copy | Int2Comp | IntNegate | FloatNeg | FloatAbs | FloatSqrt | FloatCeil | FloatFloor
        | FloatRound | IntAdd | IntSub | IntXor | IntAnd | IntOr | IntMult | IntDiv | IntSDiv | IntRem
        | IntSRem | FloatAdd | FloatDiv | FloatMult | FloatSub => {
            let mut all: Vec<&mut Vn> = inputs.iter_mut().chain(output).collect();
            same(template, &mut all)
        }
        IntEqual | IntNotEqual | IntSLess | IntSLessEqual | IntLess | IntLessEqual | IntCarry | IntSCarry
        | IntSBorrow | FloatEqual | FloatNotEqual | FloatLess | FloatLessEqual | FloatNan => {
            let mut changed = output.as_mut().is_some_and(|output| set(template, output, Size::Fixed(1)));
            let mut all: Vec<&mut Vn> = inputs.iter_mut().collect();
            changed |= same(template, &mut all);
            changed
        }
        BoolNegate | BoolXor | BoolAnd | BoolOr => {
            let mut changed = false;
            for vn in inputs.iter_mut().chain(output) {
                changed |= set(template, vn, Size::Fixed(1));
            }
            changed
        }
        IntLeft | IntRight | IntSRight => {
            let [value, amount] = inputs.as_mut_slice() else { return false };
            let mut changed = set(template, amount, Size::Fixed(4));
            if let Some(output) = output {
                changed |= same(template, &mut [output, value]);
            }
            changed
        }
        SubPiece => inputs.get_mut(1).is_some_and(|amount| set(template, amount, Size::Fixed(4))),
        Load | Store => {
            // The first input is the space.
            let space = match inputs.first().map(|vn| vn.place) {
                Some(Place::Constant(space)) => space as usize,
                _ => symbols.default_space,
            };
            let size = Size::Fixed(symbols.spaces[space].address_size);
            inputs.get_mut(1).is_some_and(|pointer| set(template, pointer, size))
        }
        CBranch => {
            let mut changed = inputs.get_mut(1).is_some_and(|vn| set(template, vn, Size::Fixed(1)));
            changed |= inputs.get_mut(0).is_some_and(|vn| set(template, vn, address));
            changed
        }
        CallOther => {
            // These two make something of the size of their first argument.
            let (Some(Place::Constant(number)), Some(output)) = (inputs.first().map(|vn| vn.place), output)
            else {
                return false;
            };
            let name = symbols.user_ops.get(number as usize).map_or("", String::as_str);
            match inputs.get_mut(1) {
                Some(first) if VIRTUAL_MACHINES.contains(&name) => same(template, &mut [output, first]),
                _ => false,
            }
        }
        Branch | BranchInd | Call | CallInd | Return => {
            inputs.get_mut(0).is_some_and(|vn| set(template, vn, address))
        }
        _ => false,
    }
}
