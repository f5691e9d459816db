//! `netdb.h`: names of a network that has nothing but this machine.

use super::{
    super::{
        context::Context,
        error::Result,
        types::{Header, Ptr, Standard, models},
    },
    inet::{INET, INET6, dotted, text_of},
};

pub(crate) static HEADER: Header = Header {
    name: "netdb.h",
    standard: Standard::Posix,
    models: models! {
        getaddrinfo = getaddrinfo;
        freeaddrinfo = freeaddrinfo;
        gai_strerror = gai_strerror;
        getnameinfo = getnameinfo;
        gethostbyname = gethostbyname;
        gethostbyname2 = gethostbyname2;
        gethostbyaddr = gethostbyaddr;
        getservbyname = getservbyname;
        setservent = set_services;
        getservent = next_service;
        endservent = end_list;
        setprotoent = set_protocols;
        getprotoent = next_protocol;
        endprotoent = end_list;
        sethostent = set_hosts;
        gethostent = no_entry, "there is no list of hosts";
        endhostent = end_list;
        setnetent = set_hosts;
        getnetent = no_entry, "there is no list of networks";
        getnetbyname = no_network, "there is no list of networks";
        getnetbyaddr = no_network_of, "there is no list of networks";
        endnetent = end_list;
        getservbyport = getservbyport;
        getprotobyname = getprotobyname;
        getprotobynumber = getprotobynumber;
        herror = herror;
        hstrerror = hstrerror;
        __h_errno_location = h_errno_location;
    },
};

/// Services that programs ask for (IANA): name, port, protocol.
const SERVICES: &[(&str, u16, &str)] = &[
    ("echo", 7, "tcp"),
    ("echo", 7, "udp"),
    ("discard", 9, "tcp"),
    ("discard", 9, "udp"),
    ("daytime", 13, "tcp"),
    ("ftp-data", 20, "tcp"),
    ("ftp", 21, "tcp"),
    ("ssh", 22, "tcp"),
    ("telnet", 23, "tcp"),
    ("smtp", 25, "tcp"),
    ("time", 37, "tcp"),
    ("domain", 53, "tcp"),
    ("domain", 53, "udp"),
    ("tftp", 69, "udp"),
    ("http", 80, "tcp"),
    ("pop3", 110, "tcp"),
    ("ntp", 123, "udp"),
    ("imap2", 143, "tcp"),
    ("snmp", 161, "udp"),
    ("https", 443, "tcp"),
    ("https", 443, "udp"),
    ("syslog", 514, "udp"),
    ("imaps", 993, "tcp"),
    ("pop3s", 995, "tcp"),
];

/// Protocols (IANA): name, number, other name.
const PROTOCOLS: &[(&str, i32, &str)] = &[
    ("ip", 0, "IP"),
    ("icmp", 1, "ICMP"),
    ("tcp", 6, "TCP"),
    ("udp", 17, "UDP"),
    ("ipv6", 41, "IPv6"),
    ("ipv6-icmp", 58, "IPv6-ICMP"),
];

// Errors of `getaddrinfo`, by glibc's numbers.
const EAI_BADFLAGS: i32 = -1;
const EAI_NONAME: i32 = -2;
const EAI_FAMILY: i32 = -6;
const EAI_SOCKTYPE: i32 = -7;
const EAI_SERVICE: i32 = -8;
const EAI_MEMORY: i32 = -10;
const EAI_OVERFLOW: i32 = -12;

const GAI_ERRORS: &[(i32, &str)] = &[
    (0, "Success"),
    (EAI_BADFLAGS, "Bad value for ai_flags"),
    (EAI_NONAME, "Name or service not known"),
    (-3, "Temporary failure in name resolution"),
    (-4, "Non-recoverable failure in name resolution"),
    (-5, "No address associated with hostname"),
    (EAI_FAMILY, "ai_family not supported"),
    (EAI_SOCKTYPE, "ai_socktype not supported"),
    (EAI_SERVICE, "Servname not supported for ai_socktype"),
    (-9, "Address family for hostname not supported"),
    (EAI_MEMORY, "Memory allocation failure"),
    (-11, "System error"),
    (EAI_OVERFLOW, "Result too large for supplied buffer"),
];

/// A structure of words, as it is laid out: pointers and integers.
struct Record {
    bytes: Vec<u8>,
    order: terrella_platforms::ByteOrder,
    word: usize,
    alignment: usize,
}

impl Record {
    fn new(c: &mut Context<'_>) -> Self {
        let order = c.emulator().platform().byte_order();
        Self { bytes: Vec::new(), order, word: c.model.pointer.into(), alignment: c.model.alignment.into() }
    }

    fn integer(&mut self, value: u64, size: usize) -> &mut Self {
        let aligned = self.bytes.len().next_multiple_of(size.min(self.alignment));
        self.bytes.resize(aligned + size, 0);
        self.order.write(value.into(), &mut self.bytes[aligned..]);
        self
    }

    fn int(&mut self, value: i32) -> &mut Self {
        self.integer(value as u64, 4)
    }

    fn pointer(&mut self, value: Ptr) -> &mut Self {
        let word = self.word;
        self.integer(value.0, word)
    }
}

/// The addresses of a name: that of this machine, and numbers.
fn addresses(name: &[u8], host: &[u8]) -> Vec<(i32, Vec<u8>)> {
    let text = String::from_utf8_lossy(name).into_owned();
    if let Some(address) = dotted(name) {
        return vec![(INET, address.to_be_bytes().to_vec())];
    }
    if let Ok(address) = text.parse::<std::net::Ipv6Addr>() {
        return vec![(INET6, address.octets().to_vec())];
    }
    let local = [(INET6, std::net::Ipv6Addr::LOCALHOST.octets().to_vec()), (INET, vec![127, 0, 0, 1])];
    match name {
        b"localhost" | b"ip6-localhost" | b"localhost.localdomain" => local.to_vec(),
        _ if name == host => vec![(INET, vec![127, 0, 0, 1])],
        _ => Vec::new(),
    }
}

/// A `sockaddr_in` or `sockaddr_in6`.
fn socket_address(c: &mut Context<'_>, family: i32, address: &[u8], port: u16) -> Vec<u8> {
    let mut bytes = vec![0; 2];
    c.emulator().platform().byte_order().write(family as u128, &mut bytes);
    bytes.extend(port.to_be_bytes());
    if family == INET6 {
        bytes.extend([0; 4]);
    }
    bytes.extend_from_slice(address);
    bytes.resize(if family == INET6 { 28 } else { 16 }, 0);
    bytes
}

fn service_port(service: &[u8], protocol: Option<&str>) -> Option<(u16, bool)> {
    let text = std::str::from_utf8(service).ok()?;
    if let Ok(port) = text.parse() {
        return Some((port, true));
    }
    let found = |it: &&(&str, u16, &str)| it.0 == text && protocol.is_none_or(|protocol| it.2 == protocol);
    SERVICES.iter().find(found).map(|(_, port, _)| (*port, false))
}

/// `AI_PASSIVE`, `AI_CANONNAME`, `AI_NUMERICHOST`, `AI_NUMERICSERV`.
const PASSIVE: i32 = 1;
const CANONICAL: i32 = 2;
const NUMERIC_HOST: i32 = 4;
const NUMERIC_SERVICE: i32 = 0x400;

/// `struct addrinfo`: four ints, `socklen_t`, and pointers to the address, the
/// canonical name and the next one (glibc and musl have the same order).
fn getaddrinfo(c: &mut Context<'_>, node: Ptr, service: Ptr, hints: Ptr, place: Ptr) -> Result<i32> {
    let (mut flags, mut family, mut kind, mut protocol) = (0x28, 0, 0, 0);
    if !hints.is_null() {
        flags = c.read_int(hints)?;
        family = c.read_int(hints.add(4))?;
        kind = c.read_int(hints.add(8))?;
        protocol = c.read_int(hints.add(12))?;
    }
    if node.is_null() && service.is_null() {
        return Ok(EAI_NONAME);
    }
    if flags & !0x3fff != 0 || flags & CANONICAL != 0 && node.is_null() {
        return Ok(EAI_BADFLAGS);
    }
    if !matches!(family, 0 | INET | INET6) {
        return Ok(EAI_FAMILY);
    }
    // Kinds of sockets are numbered otherwise on MIPS.
    let mips = c.state.platform.name().contains("mips");
    let (stream, datagram) = if mips { (2, 1) } else { (1, 2) };
    let all = [(stream, 6, "tcp"), (datagram, 17, "udp"), (3, 0, "")];
    let wanted = |it: &&(i32, i32, &str)| {
        (kind == 0 || it.0 == kind) && (protocol == 0 || it.1 == protocol || it.0 == 3)
    };
    let kinds: Vec<_> = all.iter().filter(wanted).collect();
    if kinds.is_empty() {
        return Ok(EAI_SOCKTYPE);
    }
    let host = c.state.kernel.host_name.clone();
    let found: Vec<(i32, Vec<u8>)> = if node.is_null() {
        let passive = flags & PASSIVE != 0;
        let six = if passive { std::net::Ipv6Addr::UNSPECIFIED } else { std::net::Ipv6Addr::LOCALHOST };
        let four = if passive { [0, 0, 0, 0] } else { [127, 0, 0, 1] };
        vec![(INET6, six.octets().to_vec()), (INET, four.to_vec())]
    } else {
        let name = c.text(node)?;
        let numeric = dotted(&name).is_some() || name.contains(&b':');
        if flags & NUMERIC_HOST != 0 && !numeric { Vec::new() } else { addresses(&name, &host) }
    };
    let found: Vec<_> = found.into_iter().filter(|it| family == 0 || it.0 == family).collect();
    if found.is_empty() {
        return Ok(EAI_NONAME);
    }
    let service = if service.is_null() { None } else { Some(c.text(service)?) };
    let mut entries = Vec::new();
    for (family, address) in &found {
        for (kind, protocol, name) in &kinds {
            let port = match &service {
                None => 0,
                Some(text) => match service_port(text, Some(name)) {
                    Some((port, true)) => port,
                    Some((port, false)) if flags & NUMERIC_SERVICE == 0 => port,
                    _ => continue,
                },
            };
            entries.push((*family, *kind, *protocol, address.clone(), port));
        }
    }
    if entries.is_empty() {
        return Ok(EAI_SERVICE);
    }
    let canonical = if flags & CANONICAL != 0 { Some(c.text(node)?) } else { None };
    let mut next = Ptr::NULL;
    for (index, (family, kind, protocol, address, port)) in entries.into_iter().enumerate().rev() {
        let name = socket_address(c, family, &address, port);
        let Some(block) = c.malloc(48 + 32)? else { return Ok(EAI_MEMORY) };
        let text = match &canonical {
            Some(text) if index == 0 => c.duplicate(text)?,
            _ => Ptr::NULL,
        };
        let mut record = Record::new(c);
        record.int(flags).int(family).int(kind).int(protocol).int(name.len() as i32);
        record.pointer(block.add(48)).pointer(text).pointer(next);
        c.write(block, &record.bytes)?;
        c.write(block.add(48), &name)?;
        next = block;
    }
    c.write_pointer(place, next)?;
    Ok(0)
}

fn freeaddrinfo(c: &mut Context<'_>, list: Ptr) -> Result<()> {
    let word = u64::from(c.model.pointer);
    let first = if word == 8 { 24 } else { 20 };
    let mut list = list;
    while !list.is_null() {
        let name = c.read_pointer(list.add(first + word))?;
        let next = c.read_pointer(list.add(first + 2 * word))?;
        if !name.is_null() {
            c.free(name)?;
        }
        c.free(list)?;
        list = next;
    }
    Ok(())
}

fn gai_strerror(c: &mut Context<'_>, number: i32) -> Result<Ptr> {
    let text =
        GAI_ERRORS.iter().find(|(known, _)| *known == number).map_or("Unknown error", |(_, text)| text);
    let room = c.room("gai_strerror", 64)?;
    c.write_text(room, text.as_bytes())?;
    Ok(room)
}

#[expect(clippy::too_many_arguments, reason = "those that POSIX gives it")]
fn getnameinfo(
    c: &mut Context<'_>,
    address: Ptr,
    _size: u32,
    host: Ptr,
    host_size: u32,
    service: Ptr,
    service_size: u32,
    flags: i32,
) -> Result<i32> {
    let family = c.read_integer(address, 2)? as i32;
    let port = c.read(address.add(2), 2)?;
    let port = u16::from_be_bytes([port[0], port[1]]);
    let bytes = match family {
        INET => c.read(address.add(4), 4)?,
        INET6 => c.read(address.add(8), 16)?,
        _ => return Ok(EAI_FAMILY),
    };
    // NI_NUMERICHOST 1, NI_NUMERICSERV 2, NI_NAMEREQD 8, NI_DGRAM 16.
    if !host.is_null() && host_size > 0 {
        let local =
            bytes == [127, 0, 0, 1] || family == INET6 && bytes == std::net::Ipv6Addr::LOCALHOST.octets();
        let text = match (local && flags & 1 == 0, flags & 8 != 0) {
            (true, _) => "localhost".to_owned(),
            (false, true) if flags & 1 == 0 => return Ok(EAI_NONAME),
            _ => text_of(family, &bytes).unwrap_or_default(),
        };
        if text.len() >= host_size as usize {
            return Ok(EAI_OVERFLOW);
        }
        c.write_text(host, text.as_bytes())?;
    }
    if !service.is_null() && service_size > 0 {
        let protocol = if flags & 16 != 0 { "udp" } else { "tcp" };
        let known = SERVICES.iter().find(|it| it.1 == port && it.2 == protocol).filter(|_| flags & 2 == 0);
        let text = known.map_or_else(|| port.to_string(), |it| it.0.to_owned());
        if text.len() >= service_size as usize {
            return Ok(EAI_OVERFLOW);
        }
        c.write_text(service, text.as_bytes())?;
    }
    Ok(0)
}

/// A list of pointers with a null pointer at its end, each to an element.
fn list(c: &mut Context<'_>, at: Ptr, elements: &[Ptr]) -> Result<()> {
    let word = u64::from(c.model.pointer);
    for (index, element) in elements.iter().chain([&Ptr::NULL]).enumerate() {
        c.write_pointer(at.add(word * index as u64), *element)?;
    }
    Ok(())
}

fn set_host_error(c: &mut Context<'_>, value: i32) -> Result<()> {
    let at = Ptr(c.state.layout.host_errno);
    c.write_int(at, value)
}

/// `struct hostent`: name, aliases, type, length, addresses.
fn host(c: &mut Context<'_>, name: &[u8], family: i32, all: &[Vec<u8>]) -> Result<Ptr> {
    let room = c.room("hostent", 512)?;
    c.write_text(room.add(256), &name[..name.len().min(200)])?;
    let mut places = Vec::new();
    for (index, address) in all.iter().take(4).enumerate() {
        let place = room.add(192 + 16 * index as u64);
        c.write(place, address)?;
        places.push(place);
    }
    list(c, room.add(64), &[])?;
    list(c, room.add(96), &places)?;
    let length = all.first().map_or(0, Vec::len) as i32;
    let mut record = Record::new(c);
    record.pointer(room.add(256)).pointer(room.add(64)).int(family).int(length).pointer(room.add(96));
    c.write(room, &record.bytes)?;
    Ok(room)
}

fn gethostbyname2(c: &mut Context<'_>, name: Ptr, family: i32) -> Result<Ptr> {
    let name = c.text(name)?;
    let host_name = c.state.kernel.host_name.clone();
    let all: Vec<Vec<u8>> = addresses(&name, &host_name)
        .into_iter()
        .filter(|(found, _)| *found == family)
        .map(|(_, address)| address)
        .collect();
    if all.is_empty() {
        // HOST_NOT_FOUND
        set_host_error(c, 1)?;
        return Ok(Ptr::NULL);
    }
    host(c, &name, family, &all)
}

fn gethostbyname(c: &mut Context<'_>, name: Ptr) -> Result<Ptr> {
    gethostbyname2(c, name, INET)
}

fn gethostbyaddr(c: &mut Context<'_>, address: Ptr, size: u32, family: i32) -> Result<Ptr> {
    let bytes = c.read(address, size.min(16).into())?;
    let local = bytes == [127, 0, 0, 1] || bytes == std::net::Ipv6Addr::LOCALHOST.octets();
    if !local {
        set_host_error(c, 1)?;
        return Ok(Ptr::NULL);
    }
    host(c, b"localhost", family, &[bytes])
}

/// `struct servent`: name, aliases, port in the network's order, protocol.
fn service(c: &mut Context<'_>, it: &(&str, u16, &str)) -> Result<Ptr> {
    let room = c.room("servent", 192)?;
    c.write_text(room.add(96), it.0.as_bytes())?;
    c.write_text(room.add(160), it.2.as_bytes())?;
    list(c, room.add(64), &[])?;
    let order = c.emulator().platform().byte_order();
    let port = order.read(&it.1.to_be_bytes()) as i32;
    let mut record = Record::new(c);
    record.pointer(room.add(96)).pointer(room.add(64)).int(port).pointer(room.add(160));
    c.write(room, &record.bytes)?;
    Ok(room)
}

fn protocol_name(c: &mut Context<'_>, protocol: Ptr) -> Result<Option<String>> {
    if protocol.is_null() {
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&c.text(protocol)?).into_owned()))
}

fn getservbyname(c: &mut Context<'_>, name: Ptr, protocol: Ptr) -> Result<Ptr> {
    let name = String::from_utf8_lossy(&c.text(name)?).into_owned();
    let protocol = protocol_name(c, protocol)?;
    let found = SERVICES
        .iter()
        .find(|it| it.0 == name && protocol.as_deref().is_none_or(|protocol| it.2 == protocol));
    found.map_or(Ok(Ptr::NULL), |it| service(c, it))
}

fn getservbyport(c: &mut Context<'_>, port: i32, protocol: Ptr) -> Result<Ptr> {
    let mut bytes = [0; 2];
    c.emulator().platform().byte_order().write(u128::from(port as u16), &mut bytes);
    let port = u16::from_be_bytes(bytes);
    let protocol = protocol_name(c, protocol)?;
    let found = SERVICES
        .iter()
        .find(|it| it.1 == port && protocol.as_deref().is_none_or(|protocol| it.2 == protocol));
    found.map_or(Ok(Ptr::NULL), |it| service(c, it))
}

/// `struct protoent`: name, aliases, number.
fn protocol(c: &mut Context<'_>, it: &(&str, i32, &str)) -> Result<Ptr> {
    let room = c.room("protoent", 160)?;
    c.write_text(room.add(96), it.0.as_bytes())?;
    c.write_text(room.add(128), it.2.as_bytes())?;
    list(c, room.add(64), &[room.add(128)])?;
    let mut record = Record::new(c);
    record.pointer(room.add(96)).pointer(room.add(64)).int(it.1);
    c.write(room, &record.bytes)?;
    Ok(room)
}

fn getprotobyname(c: &mut Context<'_>, name: Ptr) -> Result<Ptr> {
    let name = String::from_utf8_lossy(&c.text(name)?).into_owned();
    let found = PROTOCOLS.iter().find(|it| it.0 == name || it.2 == name);
    found.map_or(Ok(Ptr::NULL), |it| protocol(c, it))
}

fn getprotobynumber(c: &mut Context<'_>, number: i32) -> Result<Ptr> {
    let found = PROTOCOLS.iter().find(|it| it.1 == number);
    found.map_or(Ok(Ptr::NULL), |it| protocol(c, it))
}

const fn host_error_text(number: i32) -> &'static str {
    match number {
        0 => "Resolver Error 0 (no error)",
        1 => "Unknown host",
        2 => "Host name lookup failure",
        3 => "Unknown server error",
        4 => "No address associated with name",
        _ => "Unknown resolver error",
    }
}

fn hstrerror(c: &mut Context<'_>, number: i32) -> Result<Ptr> {
    let room = c.room("hstrerror", 48)?;
    c.write_text(room, host_error_text(number).as_bytes())?;
    Ok(room)
}

fn herror(c: &mut Context<'_>, prefix: Ptr) -> Result<()> {
    let at = Ptr(c.state.layout.host_errno);
    let number = c.read_int(at)?;
    let mut text = if prefix.is_null() { Vec::new() } else { c.text(prefix)? };
    if !text.is_empty() {
        text.extend_from_slice(b": ");
    }
    text.extend_from_slice(host_error_text(number).as_bytes());
    text.push(b'\n');
    let error = c.standard(2)?;
    c.put(error, &text).map(drop)
}

fn h_errno_location(c: &mut Context<'_>) -> Result<Ptr> {
    Ok(Ptr(c.state.layout.host_errno))
}

// ---- lists, entry by entry: how far they are is the machine's

const NEXT_SERVICE: &str = "next service";
const NEXT_PROTOCOL: &str = "next protocol";

fn next_of(c: &mut Context<'_>, list: &str) -> usize {
    let next = c.state.numbers.entry(list.to_owned()).or_insert(0);
    *next = next.saturating_add(1);
    (*next - 1) as usize
}

fn set_services(c: &mut Context<'_>, _stays: i32) -> Result<()> {
    c.state.numbers.remove(NEXT_SERVICE);
    Ok(())
}

fn set_protocols(c: &mut Context<'_>, _stays: i32) -> Result<()> {
    c.state.numbers.remove(NEXT_PROTOCOL);
    Ok(())
}

fn set_hosts(_: &mut Context<'_>, _stays: i32) -> Result<()> {
    Ok(())
}

fn end_list(c: &mut Context<'_>) -> Result<()> {
    c.state.numbers.remove(NEXT_SERVICE);
    c.state.numbers.remove(NEXT_PROTOCOL);
    Ok(())
}

fn next_service(c: &mut Context<'_>) -> Result<Ptr> {
    let index = next_of(c, NEXT_SERVICE);
    SERVICES.get(index).map_or(Ok(Ptr::NULL), |it| service(c, it))
}

fn next_protocol(c: &mut Context<'_>) -> Result<Ptr> {
    let index = next_of(c, NEXT_PROTOCOL);
    PROTOCOLS.get(index).map_or(Ok(Ptr::NULL), |it| protocol(c, it))
}

fn no_entry(_: &mut Context<'_>) -> Result<Ptr> {
    Ok(Ptr::NULL)
}

fn no_network(_: &mut Context<'_>, _name: Ptr) -> Result<Ptr> {
    Ok(Ptr::NULL)
}

fn no_network_of(_: &mut Context<'_>, _network: u32, _family: i32) -> Result<Ptr> {
    Ok(Ptr::NULL)
}
