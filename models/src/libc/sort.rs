//! `qsort`, `bsearch` and `lfind`: functions whose comparisons are the guest's.

use serde::{Deserialize, Serialize};
use terrella_machine_state::ArgumentValue;

use super::{
    context::Context,
    error::Result,
    nested::Continuation,
    types::{CType, Header, Ptr, Reply, Size, Standard, models},
};

pub(crate) static HEADER: Header = Header {
    name: "stdlib.h",
    standard: Standard::C99,
    models: models! {
        qsort = qsort;
        bsearch = bsearch;
    },
};

pub(crate) static EXTENSIONS: Header = Header {
    name: "search.h",
    standard: Standard::Posix,
    models: models! {
        qsort_r = qsort_r;
        lfind = lfind;
        lsearch = lsearch;
    },
};

/// A merge sort of places, one comparison at a time: stable, as glibc's is.
/// The elements are moved at the end, so that the guest compares them where
/// they are.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Sort {
    base: Ptr,
    size: u64,
    function: Ptr,
    argument: Option<u64>,
    /// The order so far: runs of `width` are sorted.
    order: Vec<u32>,
    merged: Vec<u32>,
    width: usize,
    /// The first of the two runs that are being merged, and how far both are.
    start: usize,
    left: usize,
    right: usize,
    /// The result of a function that is more than the sorting.
    result: Option<i32>,
}

impl Sort {
    fn element(&self, place: usize) -> ArgumentValue {
        let index = self.order.get(place).copied().unwrap_or(0);
        ArgumentValue::Pointer(self.base.0.wrapping_add(self.size.wrapping_mul(index.into())))
    }

    /// The next comparison, or the end.
    fn go_on(mut self, c: &mut Context<'_>) -> Result<Reply> {
        let count = self.order.len();
        while self.width < count {
            let middle = (self.start + self.width).min(count);
            let end = middle.saturating_add(self.width).min(count);
            if self.left < middle && self.right < end {
                let mut arguments = vec![self.element(self.left), self.element(self.right)];
                arguments.extend(self.argument.map(ArgumentValue::Pointer));
                let function = self.function;
                let ends = if self.result.is_some() { CType::Int } else { CType::Void };
                let then = Continuation::Sort(Box::new(self));
                return c.call_guest(function, &arguments, CType::Int, ends, then);
            }
            self.merged.extend_from_slice(self.order.get(self.left..middle).unwrap_or_default());
            self.merged.extend_from_slice(self.order.get(self.right..end).unwrap_or_default());
            self.start = end;
            if end == count {
                self.order = std::mem::take(&mut self.merged);
                self.width *= 2;
                self.start = 0;
            }
            self.left = self.start;
            self.right = (self.start + self.width).min(count);
        }
        let bytes = c.read(self.base, self.size.saturating_mul(count as u64))?;
        let size = self.size as usize;
        let mut sorted = Vec::with_capacity(bytes.len());
        for index in &self.order {
            let from = (*index as usize).saturating_mul(size);
            sorted.extend_from_slice(bytes.get(from..from.saturating_add(size)).unwrap_or_default());
        }
        c.write(self.base, &sorted)?;
        Ok(self.result.map_or(Reply::Void, Reply::Int))
    }

    pub(super) fn compared(mut self, c: &mut Context<'_>, result: i64) -> Result<Reply> {
        let place = if result <= 0 { &mut self.left } else { &mut self.right };
        *place += 1;
        let index = self.order.get(*place - 1).copied();
        self.merged.extend(index);
        self.go_on(c)
    }
}

fn begin(
    c: &mut Context<'_>,
    base: Ptr,
    count: u64,
    size: u64,
    function: Ptr,
    argument: Option<u64>,
    result: Option<i32>,
) -> Result<Reply> {
    if count < 2 || size == 0 {
        return Ok(result.map_or(Reply::Void, Reply::Int));
    }
    let Some(bytes) = count.checked_mul(size).filter(|_| count <= u64::from(u32::MAX)) else {
        return c.misuse(format!("{count} elements of {size} bytes"));
    };
    // They are there, before anything is made for them.
    c.read(base, bytes)?;
    let sort = Sort {
        base,
        size,
        function,
        argument,
        order: (0..count as u32).collect(),
        merged: Vec::new(),
        width: 1,
        start: 0,
        left: 0,
        right: 1,
        result,
    };
    sort.go_on(c)
}

/// Sorts pointers, and returns how many they are (`scandir`).
pub(super) fn counted(c: &mut Context<'_>, base: Ptr, count: u64, size: u64, function: Ptr) -> Result<Reply> {
    begin(c, base, count, size, function, None, Some(count as i32))
}

fn qsort(c: &mut Context<'_>, base: Ptr, count: Size, size: Size, function: Ptr) -> Result<Reply> {
    begin(c, base, count.0, size.0, function, None, None)
}

fn qsort_r(
    c: &mut Context<'_>,
    base: Ptr,
    count: Size,
    size: Size,
    function: Ptr,
    argument: Ptr,
) -> Result<Reply> {
    begin(c, base, count.0, size.0, function, Some(argument.0), None)
}

/// A binary search.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Search {
    key: Ptr,
    base: Ptr,
    size: u64,
    function: Ptr,
    low: u64,
    high: u64,
}

impl Search {
    const fn middle(&self) -> u64 {
        self.low.wrapping_add(self.high.wrapping_sub(self.low) / 2)
    }

    const fn place(&self) -> Ptr {
        self.base.add(self.middle().wrapping_mul(self.size))
    }

    fn go_on(self, c: &mut Context<'_>) -> Result<Reply> {
        if self.low >= self.high {
            return Ok(Reply::Pointer(Ptr::NULL));
        }
        let arguments = [ArgumentValue::Pointer(self.key.0), ArgumentValue::Pointer(self.place().0)];
        c.call_guest(self.function, &arguments, CType::Int, CType::Pointer, Continuation::Search(self))
    }

    pub(super) fn compared(mut self, c: &mut Context<'_>, result: i64) -> Result<Reply> {
        match result {
            0 => return Ok(Reply::Pointer(self.place())),
            ..0 => self.high = self.middle(),
            _ => self.low = self.middle().saturating_add(1),
        }
        self.go_on(c)
    }
}

fn bsearch(
    c: &mut Context<'_>,
    key: Ptr,
    base: Ptr,
    count: Size,
    size: Size,
    function: Ptr,
) -> Result<Reply> {
    Search { key, base, size: size.0, function, low: 0, high: count.0 }.go_on(c)
}

/// A linear search.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Find {
    key: Ptr,
    base: Ptr,
    size: u64,
    function: Ptr,
    next: u64,
    count: u64,
    /// The variable that counts the elements: what is not found is added.
    adds: Option<Ptr>,
}

impl Find {
    const fn place(&self) -> Ptr {
        self.base.add(self.next.wrapping_mul(self.size))
    }

    fn go_on(self, c: &mut Context<'_>) -> Result<Reply> {
        if self.next < self.count {
            let arguments = [ArgumentValue::Pointer(self.key.0), ArgumentValue::Pointer(self.place().0)];
            return c.call_guest(
                self.function,
                &arguments,
                CType::Int,
                CType::Pointer,
                Continuation::Find(self),
            );
        }
        let Some(counter) = self.adds else { return Ok(Reply::Pointer(Ptr::NULL)) };
        let bytes = c.read(self.key, self.size)?;
        c.write(self.place(), &bytes)?;
        c.write_pointer(counter, Ptr(self.count.wrapping_add(1)))?;
        Ok(Reply::Pointer(self.place()))
    }

    pub(super) fn compared(mut self, c: &mut Context<'_>, result: i64) -> Result<Reply> {
        if result == 0 {
            return Ok(Reply::Pointer(self.place()));
        }
        self.next = self.next.saturating_add(1);
        self.go_on(c)
    }
}

fn lfind(c: &mut Context<'_>, key: Ptr, base: Ptr, count: Ptr, size: Size, function: Ptr) -> Result<Reply> {
    let count = c.read_pointer(count)?.0;
    Find { key, base, size: size.0, function, next: 0, count, adds: None }.go_on(c)
}

fn lsearch(
    c: &mut Context<'_>,
    key: Ptr,
    base: Ptr,
    counter: Ptr,
    size: Size,
    function: Ptr,
) -> Result<Reply> {
    let count = c.read_pointer(counter)?.0;
    Find { key, base, size: size.0, function, next: 0, count, adds: Some(counter) }.go_on(c)
}
