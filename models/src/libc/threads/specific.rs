//! Data of threads: `pthread_key_create` and its like.

use super::super::{
    context::Context,
    error::Result,
    types::{Header, Ptr, Standard, models},
};
use crate::errno::Errno;

pub(crate) static HEADER: Header = Header {
    name: "pthread.h",
    standard: Standard::Posix,
    models: models! {
        pthread_key_create = key_create;
        __pthread_key_create = key_create;
        pthread_key_delete = key_delete;
        pthread_setspecific = set_specific;
        __pthread_setspecific = set_specific;
        pthread_getspecific = get_specific;
        __pthread_getspecific = get_specific;
    },
};

/// `PTHREAD_KEYS_MAX`.
const MOST: usize = 1024;

pub(super) fn key_create(c: &mut Context<'_>, place: Ptr, destructor: Ptr) -> Result<i32> {
    let keys = &mut c.state.threads.keys;
    let free = (0..MOST as u32).find(|key| !keys.contains_key(key));
    let Some(key) = free else { return Ok(c.error(Errno::EAGAIN)) };
    keys.insert(key, destructor.0);
    c.write_integer(place, key.into(), 4)?;
    Ok(0)
}

pub(super) fn key_delete(c: &mut Context<'_>, key: u32) -> Result<i32> {
    if c.state.threads.keys.remove(&key).is_none() {
        return Ok(c.error(Errno::EINVAL));
    }
    for thread in c.state.threads.all.values_mut() {
        thread.specific.remove(&key);
    }
    Ok(0)
}

pub(super) fn set_specific(c: &mut Context<'_>, key: u32, value: Ptr) -> Result<i32> {
    if !c.state.threads.keys.contains_key(&key) {
        return Ok(c.error(Errno::EINVAL));
    }
    c.state.threads.this().specific.insert(key, value.0);
    Ok(0)
}

pub(super) fn get_specific(c: &mut Context<'_>, key: u32) -> Result<Ptr> {
    Ok(Ptr(c.state.threads.this().specific.get(&key).copied().unwrap_or(0)))
}
