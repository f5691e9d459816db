//! Red and black trees, balanced as glibc's are: an insertion splits nodes on
//! the way down (GNU C Library, misc/tsearch.c), so that levels and visits are
//! the same. (R. Sedgewick, "Algorithms in C++", chapter 15; T. Cormen and
//! others, "Introduction to Algorithms", chapter 13.)
//!
//! A node is red if the lowest bit of its left branch's word is set.

use serde::{Deserialize, Serialize};

use super::{
    super::{context::Context, error::Result, types::Ptr},
    DEEPEST,
};

/// One of the two branches of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Side {
    Left,
    Right,
}

impl Side {
    /// The branch for a key of this order beside the node's.
    pub(super) const fn of(order: i64) -> Self {
        if order < 0 { Self::Left } else { Self::Right }
    }

    const fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

/// Where the address of a node stands: a variable of the program, or a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Link(pub(super) Ptr);

/// Nodes, as the words that they are.
pub(super) struct Nodes<'c, 'm>(pub(super) &'c mut Context<'m>);

impl Nodes<'_, '_> {
    fn word(&self) -> u64 {
        u64::from(self.0.model.pointer)
    }

    /// Where the address of a branch stands.
    pub(super) fn link(&self, node: Ptr, side: Side) -> Link {
        let words = match side {
            Side::Left => 1,
            Side::Right => 2,
        };
        Link(node.add(words * self.word()))
    }

    /// The node there; the root's variable has no colour in it.
    pub(super) fn at(&mut self, link: Link) -> Result<Ptr> {
        Ok(Ptr(self.0.read_pointer(link.0)?.0 & !1))
    }

    pub(super) fn branch(&mut self, node: Ptr, side: Side) -> Result<Ptr> {
        let link = self.link(node, side);
        self.at(link)
    }

    /// Puts a node there, and leaves the colour that stands there alone.
    pub(super) fn put(&mut self, link: Link, node: Ptr) -> Result<()> {
        let colour = self.0.read_pointer(link.0)?.0 & 1;
        self.0.write_pointer(link.0, Ptr(node.0 | colour))
    }

    fn set(&mut self, node: Ptr, side: Side, other: Ptr) -> Result<()> {
        let link = self.link(node, side);
        self.put(link, other)
    }

    fn is_red(&mut self, node: Ptr) -> Result<bool> {
        if node.is_null() {
            return Ok(false);
        }
        let link = self.link(node, Side::Left);
        Ok(self.0.read_pointer(link.0)?.0 & 1 == 1)
    }

    pub(super) fn paint(&mut self, node: Ptr, red: bool) -> Result<()> {
        if node.is_null() {
            return Ok(());
        }
        let link = self.link(node, Side::Left);
        let branch = self.0.read_pointer(link.0)?.0 & !1;
        self.0.write_pointer(link.0, Ptr(branch | u64::from(red)))
    }

    /// Splits a node whose branches are both red, or one that is new: it becomes
    /// red, and they black. Two red ones in a row are then turned. `way` is that
    /// from the grandparent to the node: links, and the sides behind the first
    /// two of them.
    pub(super) fn split(&mut self, way: Way, is_new: bool) -> Result<()> {
        let node = self.at(way.node)?;
        let (left, right) = (self.branch(node, Side::Left)?, self.branch(node, Side::Right)?);
        let splits = is_new || self.is_red(left)? && self.is_red(right)?;
        if !splits {
            return Ok(());
        }
        self.paint(node, true)?;
        self.paint(left, false)?;
        self.paint(right, false)?;
        let (Some((parent_link, side)), Some((top_link, top_side))) = (way.parent, way.grandparent) else {
            return Ok(());
        };
        let parent = self.at(parent_link)?;
        if !self.is_red(parent)? {
            return Ok(());
        }
        let top = self.at(top_link)?;
        if side == top_side {
            // The parent becomes the top of these three.
            let inner = self.branch(parent, side.other())?;
            self.set(top, side, inner)?;
            self.set(parent, side.other(), top)?;
            self.paint(parent, false)?;
            self.paint(top, true)?;
            return self.put(top_link, parent);
        }
        // The node becomes the top, the others its branches.
        let (near, far) = (self.branch(node, side.other())?, self.branch(node, side)?);
        self.set(parent, side, near)?;
        self.set(node, side.other(), parent)?;
        self.set(top, side.other(), far)?;
        self.set(node, side, top)?;
        self.paint(parent, true)?;
        self.paint(top, true)?;
        self.paint(node, false)?;
        self.put(top_link, node)
    }

    /// Takes a node out of a tree; `above` are the links on the way to it, the
    /// root's first. Gives the block that is not used any more.
    pub(super) fn remove(&mut self, mut above: Vec<Link>, link: Link) -> Result<Ptr> {
        let node = self.at(link)?;
        let (left, right) = (self.branch(node, Side::Left)?, self.branch(node, Side::Right)?);
        let mut gone = node;
        if !left.is_null() && !right.is_null() {
            // The next larger key comes here: the leftmost of the right branch.
            above.push(link);
            let mut next = self.link(node, Side::Right);
            loop {
                gone = self.at(next)?;
                if self.branch(gone, Side::Left)?.is_null() {
                    break;
                }
                if above.len() >= DEEPEST as usize {
                    return self.0.misuse(format!("a tree of more than {DEEPEST} levels"));
                }
                above.push(next);
                next = self.link(gone, Side::Left);
            }
        }
        let mut rest = self.branch(gone, Side::Left)?;
        if rest.is_null() {
            rest = self.branch(gone, Side::Right)?;
        }
        match above.last() {
            None => self.put(link, rest)?,
            Some(parent) => {
                let parent = self.at(*parent)?;
                let is_right = self.branch(parent, Side::Right)? == gone;
                self.set(parent, if is_right { Side::Right } else { Side::Left }, rest)?;
            }
        }
        if gone != node {
            let key = self.0.read_pointer(gone)?;
            self.0.write_pointer(node, key)?;
        }
        if !self.is_red(gone)? {
            self.repair(above, rest)?;
        }
        Ok(gone)
    }

    /// The ways through `node` have one black node less than others.
    fn repair(&mut self, mut above: Vec<Link>, mut node: Ptr) -> Result<()> {
        while !self.is_red(node)? {
            let Some(mut place) = above.pop() else { break };
            let parent = self.at(place)?;
            let side = if self.branch(parent, Side::Left)? == node { Side::Left } else { Side::Right };
            let mut sibling = self.branch(parent, side.other())?;
            if self.is_red(sibling)? {
                // It comes above the parent, so that a black one is beside.
                self.paint(sibling, false)?;
                self.paint(parent, true)?;
                self.turn(place, side)?;
                place = self.link(sibling, side);
                sibling = self.branch(parent, side.other())?;
            }
            let inner = self.branch(sibling, side)?;
            let outer = self.branch(sibling, side.other())?;
            if !self.is_red(inner)? && !self.is_red(outer)? {
                self.paint(sibling, true)?;
                node = parent;
                continue;
            }
            let colour = self.is_red(parent)?;
            if self.is_red(outer)? {
                self.paint(sibling, colour)?;
                self.paint(outer, false)?;
            } else {
                let link = self.link(parent, side.other());
                self.turn(link, side.other())?;
                self.paint(inner, colour)?;
            }
            self.paint(parent, false)?;
            return self.turn(place, side);
        }
        self.paint(node, false)
    }

    /// Turns the node there down to a side: its other branch comes above it.
    fn turn(&mut self, link: Link, side: Side) -> Result<()> {
        let node = self.at(link)?;
        let up = self.branch(node, side.other())?;
        let inner = self.branch(up, side)?;
        self.set(node, side.other(), inner)?;
        self.set(up, side, node)?;
        self.put(link, up)
    }
}

/// A way down to a node: its link, and those of the two nodes above it with the
/// sides that were taken there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    pub(super) node: Link,
    pub(super) parent: Option<(Link, Side)>,
    pub(super) grandparent: Option<(Link, Side)>,
}
