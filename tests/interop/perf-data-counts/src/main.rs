// SPDX-License-Identifier: Apache-2.0
//! Prints each sample of a perf.data file, as the crate under samply reads it: event, name, pid and
//! tid, then the callchain, innermost first, as offsets in the files that were mapped, by tabs.
use std::collections::HashMap;
use std::error::Error;
use std::io::{BufReader, BufWriter, Write};

use linux_perf_data::linux_perf_event_reader::{CpuMode, EventRecord};
use linux_perf_data::{AttributeDescription, PerfFileReader, PerfFileRecord};

/// The kernel's markers, from PERF_CONTEXT_MAX on, are no addresses.
const FIRST_MARKER: u64 = -4095i64 as u64;
const KERNEL: u64 = -128i64 as u64;

struct Mapping {
    start: u64,
    end: u64,
    offset: u64,
    path: String,
}

#[derive(Default)]
struct Machine {
    comms: HashMap<i32, String>,
    mappings: HashMap<i32, Vec<Mapping>>,
}

impl Machine {
    fn note(&mut self, record: EventRecord) {
        match record {
            EventRecord::Comm(comm) => {
                let name = String::from_utf8_lossy(&comm.name.as_slice()).into_owned();
                self.comms.insert(comm.tid, name);
            }
            EventRecord::Mmap2(map) if map.cpu_mode == CpuMode::User => {
                let path = String::from_utf8_lossy(&map.path.as_slice()).into_owned();
                self.mappings.entry(map.pid).or_default().push(Mapping {
                    start: map.address,
                    end: map.address + map.length,
                    offset: map.page_offset,
                    path,
                });
            }
            _ => {}
        }
    }

    fn place(&self, pid: i32, address: u64) -> String {
        let found = self.mappings.get(&pid).and_then(|all| {
            all.iter().rev().find(|m| (m.start..m.end).contains(&address))
        });
        match found {
            Some(m) => format!("{:x} {}", address - m.start + m.offset, m.path),
            None => format!("{address:x} [unknown]"),
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: perf-data-counts FILE")?;
    let reader = BufReader::new(std::fs::File::open(path)?);
    let PerfFileReader { mut perf_file, mut record_iter } = PerfFileReader::parse_file(reader)?;
    let events: Vec<String> = perf_file
        .event_attributes()
        .iter()
        .map(|a: &AttributeDescription| a.name().unwrap_or("?").to_owned())
        .collect();
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut machine = Machine::default();

    while let Some(record) = record_iter.next_record(&mut perf_file)? {
        let PerfFileRecord::EventRecord { attr_index, record } = record else { continue };
        let sample = match record.parse()? {
            EventRecord::Sample(sample) => sample,
            other => {
                machine.note(other);
                continue;
            }
        };
        let (pid, tid) = (sample.pid.ok_or("no pid")?, sample.tid.ok_or("no tid")?);
        let comm = machine.comms.get(&tid).map_or("?", String::as_str);
        write!(out, "{}\t{comm}\t{pid}\t{tid}", events[attr_index])?;
        let chain = sample.callchain.ok_or("no callchain")?;
        let mut is_kernel = false;
        for i in 0..chain.len() {
            match chain.get(i).ok_or("a cut callchain")? {
                marker if marker >= FIRST_MARKER => is_kernel = marker == KERNEL,
                address if is_kernel => write!(out, "\t{address:x} [kernel.kallsyms]")?,
                address => write!(out, "\t{}", machine.place(pid, address))?,
            }
        }
        writeln!(out)?;
    }
    Ok(())
}
