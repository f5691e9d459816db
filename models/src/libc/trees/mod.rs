//! `search.h`: binary trees, the hash table, and queues.
//!
//! A node of a tree is a block of the heap that begins with the address of the
//! key, as programs use it, followed by the addresses of its two branches.
//! Trees are balanced as glibc's are, whose orders and levels programs see.

mod balance;

use balance::{Link, Nodes, Side, Way};
use serde::{Deserialize, Serialize};
use terrella_machine_state::ArgumentValue;

use super::{
    context::Context,
    error::Result,
    nested::Continuation,
    structures::Words,
    types::{CType, Header, Ptr, Reply, Size, Standard, models},
};
use crate::errno::Errno;

pub(crate) static HEADER: [Header; 2] = [
    Header {
        name: "search.h",
        standard: Standard::Posix,
        models: models! {
            tsearch = tsearch;
            tfind = tfind;
            tdelete = tdelete;
            twalk = twalk;
            hcreate = hcreate;
            hdestroy = hdestroy;
            hsearch = hsearch;
            insque = insque;
            remque = remque;
        },
    },
    Header {
        name: "search.h",
        standard: Standard::Extension,
        models: models! {
            twalk_r = twalk_r;
            tdestroy = tdestroy;
            hcreate_r = hcreate_r;
            hdestroy_r = hdestroy_r;
            hsearch_r = hsearch_r;
        },
    },
];

/// What a search in a tree is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Purpose {
    Find,
    Add,
    Delete,
}

/// A way down a tree.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Descent {
    key: Ptr,
    /// Where the addresses of the nodes on the way stand, and the branches that
    /// were taken; those of a search are not kept.
    above: Vec<(Link, Side)>,
    /// Where that of the next stands.
    link: Link,
    function: Ptr,
    purpose: Purpose,
    steps: u32,
}

/// So deep a tree may be, which may be a circle.
const DEEPEST: u32 = 1 << 20;

impl Descent {
    fn go_on(self, c: &mut Context<'_>) -> Result<Reply> {
        let node = Nodes(c).at(self.link)?;
        if node.is_null() {
            return match self.purpose {
                Purpose::Add => self.add(c),
                _ => Ok(Reply::Pointer(Ptr::NULL)),
            };
        }
        if self.steps >= DEEPEST {
            return c.misuse(format!("a tree of more than {DEEPEST} levels"));
        }
        let key = c.read_pointer(node)?;
        let arguments = [ArgumentValue::Pointer(self.key.0), ArgumentValue::Pointer(key.0)];
        let function = self.function;
        let then = Continuation::Descent(self);
        c.call_guest(function, &arguments, CType::Int, CType::Pointer, then)
    }

    fn way(&self) -> Way {
        let mut above = self.above.iter().rev().copied();
        Way { node: self.link, parent: above.next(), grandparent: above.next() }
    }

    /// A new node, where there is none.
    fn add(self, c: &mut Context<'_>) -> Result<Reply> {
        let word = u64::from(c.model.pointer);
        let Some(new) = c.malloc(3 * word)? else { return Ok(Reply::Pointer(Ptr::NULL)) };
        c.write(new, &vec![0; 3 * word as usize])?;
        c.write_pointer(new, self.key)?;
        let way = self.way();
        let mut nodes = Nodes(c);
        nodes.put(self.link, new)?;
        nodes.paint(new, true)?;
        if way.parent.is_some() {
            nodes.split(way, true)?;
        }
        Ok(Reply::Pointer(new))
    }

    pub(super) fn compared(mut self, c: &mut Context<'_>, order: i64) -> Result<Reply> {
        let node = Nodes(c).at(self.link)?;
        if order == 0 {
            if self.purpose != Purpose::Delete {
                return Ok(Reply::Pointer(node));
            }
            // Of the root there is no parent: something that is not null.
            let parent = match self.above.last() {
                Some((link, _)) => Nodes(c).at(*link)?,
                None => self.link.0,
            };
            let above = self.above.iter().map(|(link, _)| *link).collect();
            let gone = Nodes(c).remove(above, self.link)?;
            c.free(gone)?;
            return Ok(Reply::Pointer(parent));
        }
        if self.purpose == Purpose::Add {
            // What it turns is not looked at again: the next node is black.
            Nodes(c).split(self.way(), false)?;
            if self.above.len() > 1 {
                self.above.remove(0);
            }
        }
        let side = Side::of(order);
        if self.purpose != Purpose::Find {
            self.above.push((self.link, side));
        }
        self.link = Nodes(c).link(node, side);
        self.steps = self.steps.saturating_add(1);
        self.go_on(c)
    }
}

fn descend(c: &mut Context<'_>, key: Ptr, root: Ptr, function: Ptr, purpose: Purpose) -> Result<Reply> {
    if root.is_null() {
        return Ok(Reply::Pointer(Ptr::NULL));
    }
    let link = Link(root);
    if purpose == Purpose::Add {
        let mut nodes = Nodes(c);
        let node = nodes.at(link)?;
        nodes.paint(node, false)?;
    }
    Descent { key, above: Vec::new(), link, function, purpose, steps: 0 }.go_on(c)
}

fn tsearch(c: &mut Context<'_>, key: Ptr, root: Ptr, function: Ptr) -> Result<Reply> {
    descend(c, key, root, function, Purpose::Add)
}

fn tfind(c: &mut Context<'_>, key: Ptr, root: Ptr, function: Ptr) -> Result<Reply> {
    descend(c, key, root, function, Purpose::Find)
}

fn tdelete(c: &mut Context<'_>, key: Ptr, root: Ptr, function: Ptr) -> Result<Reply> {
    descend(c, key, root, function, Purpose::Delete)
}

/// `VISIT`: the first, second and third time at a node, or the only one.
const PREORDER: i32 = 0;
const POSTORDER: i32 = 1;
const ENDORDER: i32 = 2;
const LEAF: i32 = 3;

/// A walk through a tree: nodes, and how often they have been visited.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TreeWalk {
    stack: Vec<(Ptr, i32)>,
    function: Ptr,
    /// Of `twalk_r`, instead of the level.
    closure: Option<u64>,
    /// `tdestroy`: keys go, and then the nodes.
    destroys: bool,
}

impl TreeWalk {
    pub(super) fn go_on(mut self, c: &mut Context<'_>) -> Result<Reply> {
        while let Some((node, visits)) = self.stack.pop() {
            if self.stack.len() >= DEEPEST as usize {
                return c.misuse(format!("a tree of more than {DEEPEST} levels"));
            }
            let (left, right) = (Nodes(c).branch(node, Side::Left)?, Nodes(c).branch(node, Side::Right)?);
            let level = self.stack.len() as i32;
            if self.destroys {
                match visits {
                    0 => {
                        self.stack.push((node, 1));
                        self.stack
                            .extend([right, left].into_iter().filter(|it| !it.is_null()).map(|it| (it, 0)));
                        continue;
                    }
                    _ => {
                        let key = c.read_pointer(node)?;
                        c.free(node)?;
                        let function = self.function;
                        let then = Continuation::TreeWalk(Box::new(self));
                        return c.call_guest(
                            function,
                            &[ArgumentValue::Pointer(key.0)],
                            CType::Void,
                            CType::Void,
                            then,
                        );
                    }
                }
            }
            if left.is_null() && right.is_null() {
                return self.visit(c, node, LEAF, level);
            }
            match visits {
                0 => {
                    self.stack.push((node, 1));
                    if !left.is_null() {
                        self.stack.push((left, 0));
                    }
                    return self.visit(c, node, PREORDER, level);
                }
                1 => {
                    self.stack.push((node, 2));
                    if !right.is_null() {
                        self.stack.push((right, 0));
                    }
                    return self.visit(c, node, POSTORDER, level);
                }
                _ => return self.visit(c, node, ENDORDER, level),
            }
        }
        Ok(Reply::Void)
    }

    fn visit(self, c: &mut Context<'_>, node: Ptr, which: i32, level: i32) -> Result<Reply> {
        let last = match self.closure {
            Some(closure) => ArgumentValue::Pointer(closure),
            None => ArgumentValue::from(level),
        };
        let arguments = [ArgumentValue::Pointer(node.0), ArgumentValue::from(which), last];
        let function = self.function;
        c.call_guest(function, &arguments, CType::Void, CType::Void, Continuation::TreeWalk(Box::new(self)))
    }
}

fn walk(
    c: &mut Context<'_>,
    root: Ptr,
    function: Ptr,
    closure: Option<u64>,
    destroys: bool,
) -> Result<Reply> {
    let stack = if root.is_null() { Vec::new() } else { vec![(root, 0)] };
    TreeWalk { stack, function, closure, destroys }.go_on(c)
}

fn twalk(c: &mut Context<'_>, root: Ptr, function: Ptr) -> Result<Reply> {
    walk(c, root, function, None, false)
}

fn twalk_r(c: &mut Context<'_>, root: Ptr, function: Ptr, closure: Ptr) -> Result<Reply> {
    walk(c, root, function, Some(closure.0), false)
}

fn tdestroy(c: &mut Context<'_>, root: Ptr, function: Ptr) -> Result<Reply> {
    walk(c, root, function, None, true)
}

// ---- the hash table: a block of the heap with the number of places and of
// entries before them, each a key and its data

const ONLY: &str = "hsearch";

fn place(c: &Context<'_>, table: Ptr, index: u64) -> Ptr {
    table.add(8 + index * 2 * u64::from(c.model.pointer))
}

fn table_of(c: &mut Context<'_>, count: u64) -> Result<Option<Ptr>> {
    // As glibc: an odd number that is prime, so that all places are reached.
    let is_prime = |it: u64| (3..).step_by(2).take_while(|by| by * by <= it).all(|by| !it.is_multiple_of(by));
    let count = (count.max(3) | 1..).step_by(2).find(|it| is_prime(*it)).unwrap_or(3);
    let size = 8 + count * 2 * u64::from(c.model.pointer);
    let Some(table) = c.malloc(size)? else { return Ok(None) };
    super::string::fill(c, table, 0, size)?;
    c.write_integer(table, count, 4)?;
    Ok(Some(table))
}

fn only(c: &Context<'_>) -> Ptr {
    Ptr(c.state.numbers.get(ONLY).copied().unwrap_or(0) as u64)
}

/// A table for so many entries, or `ENOMEM`.
fn sized(c: &mut Context<'_>, count: u64) -> Result<Option<Ptr>> {
    let table = if count > 1 << 28 { None } else { table_of(c, count)? };
    if table.is_none() {
        c.set_errno(Errno::ENOMEM)?;
    }
    Ok(table)
}

fn hcreate(c: &mut Context<'_>, count: Size) -> Result<i32> {
    if !only(c).is_null() {
        return Ok(0);
    }
    let Some(table) = sized(c, count.0)? else { return Ok(0) };
    c.state.numbers.insert(ONLY.to_owned(), table.0 as i64);
    Ok(1)
}

fn hdestroy(c: &mut Context<'_>) -> Result<()> {
    match c.state.numbers.remove(ONLY) {
        Some(table) => c.free(Ptr(table as u64)),
        None => Ok(()),
    }
}

const ENTER: i32 = 1;

fn look_up(c: &mut Context<'_>, table: Ptr, entry: &Words<2>, action: i32) -> Result<Ptr> {
    if table.is_null() {
        return c.fail_null(Errno::EINVAL);
    }
    let [key_at, data] = entry.0;
    let key = c.text(Ptr(key_at))?;
    let count = c.read_integer(table, 4)?.max(1);
    // FNV-1a.
    let hash = key.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    for step in 0..count {
        let at = place(c, table, (hash % count + step) % count);
        let known = c.read_pointer(at)?;
        if known.is_null() {
            if action != ENTER {
                return c.fail_null(Errno::ESRCH);
            }
            let word = u64::from(c.model.pointer);
            c.write_pointer(at, Ptr(key_at))?;
            c.write_pointer(at.add(word), Ptr(data))?;
            return Ok(at);
        }
        if c.text(known)? == key {
            return Ok(at);
        }
    }
    c.fail_null(if action == ENTER { Errno::ENOMEM } else { Errno::ESRCH })
}

fn hsearch(c: &mut Context<'_>, entry: Words<2>, action: i32) -> Result<Ptr> {
    let table = only(c);
    look_up(c, table, &entry, action)
}

/// `struct hsearch_data` begins with the address of the table.
fn hcreate_r(c: &mut Context<'_>, count: Size, data: Ptr) -> Result<i32> {
    if !c.read_pointer(data)?.is_null() {
        return Ok(0);
    }
    let Some(table) = sized(c, count.0)? else { return Ok(0) };
    c.write_pointer(data, table)?;
    Ok(1)
}

fn hdestroy_r(c: &mut Context<'_>, data: Ptr) -> Result<()> {
    let table = c.read_pointer(data)?;
    c.write_pointer(data, Ptr::NULL)?;
    if table.is_null() { Ok(()) } else { c.free(table) }
}

fn hsearch_r(c: &mut Context<'_>, entry: Words<2>, action: i32, found: Ptr, data: Ptr) -> Result<i32> {
    let table = c.read_pointer(data)?;
    let at = look_up(c, table, &entry, action)?;
    c.write_pointer(found, at)?;
    Ok(i32::from(!at.is_null()))
}

// ---- queues: elements begin with the addresses of the next and the last

fn insque(c: &mut Context<'_>, element: Ptr, before: Ptr) -> Result<()> {
    let word = u64::from(c.model.pointer);
    if before.is_null() {
        c.write_pointer(element, Ptr::NULL)?;
        return c.write_pointer(element.add(word), Ptr::NULL);
    }
    let next = c.read_pointer(before)?;
    c.write_pointer(before, element)?;
    c.write_pointer(element, next)?;
    c.write_pointer(element.add(word), before)?;
    if next.is_null() { Ok(()) } else { c.write_pointer(next.add(word), element) }
}

fn remque(c: &mut Context<'_>, element: Ptr) -> Result<()> {
    let word = u64::from(c.model.pointer);
    let (next, before) = (c.read_pointer(element)?, c.read_pointer(element.add(word))?);
    if !next.is_null() {
        c.write_pointer(next.add(word), before)?;
    }
    if before.is_null() { Ok(()) } else { c.write_pointer(before, next) }
}
