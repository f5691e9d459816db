//! Flat.
use terrella_emulator_api::*;
use terrella_unicorn::UnicornEmulator;
fn main() {
    let prog = std::env::args().nth(1).unwrap();
    let n: u64 = std::env::args().nth(2).unwrap().parse().unwrap();
    let code = std::fs::read(format!("tests/fixtures/flat/x86_64/{prog}.bin")).unwrap();
    let mut e = UnicornEmulator::new(Platform::X86_64).unwrap();
    e.map_memory(0x100000..0x140000, Permissions::ALL).unwrap();
    e.map_memory(0x800000..0x900000, Permissions::READ_WRITE).unwrap();
    e.write_code(0x100000, &code).unwrap();
    e.write_register("rdi", n).unwrap();
    e.write_register("rsp", 0x8ff000u64).unwrap();
    e.set_program_counter(0x100000).unwrap();
    let stop: u64 = u64::from_str_radix(&std::env::args().nth(3).unwrap(), 16).unwrap();
    e.add_exit_point(stop);
    for _ in 0..3 {
        e.write_register("rdi", n).unwrap();
        e.set_program_counter(0x100000).unwrap();
        let t = std::time::Instant::now();
        let r = e.run_with(&Limits::time(std::time::Duration::from_secs(5)));
        println!("{r:x?} {:?} rax={:x?}", t.elapsed(), e.read_register("rax"));
    }
    for _ in 0..3 {
        e.write_register("rdi", n).unwrap();
        e.set_program_counter(0x100000).unwrap();
        let t = std::time::Instant::now();
        let r = e.run();
        println!("{r:x?} {:?} rax={:x?}", t.elapsed(), e.read_register("rax"));
    }
}
