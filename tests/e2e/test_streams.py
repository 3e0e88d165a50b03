# SPDX-License-Identifier: Apache-2.0
"""What hearth does when its output has no reader, no room, or is not there at all."""
import os
import subprocess


def test_reader_that_goes_away_is_no_error(hearth):
    process = hearth.start("plugins", "-v", stderr=subprocess.PIPE, restore_signals=False)
    process.stdout.close()
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0 and not errors, errors


def test_full_disk_is_an_error_that_says_so(hearth):
    with open("/dev/full", "w") as full:
        process = subprocess.run(hearth.argv("version"), stdout=full, stderr=subprocess.PIPE, text=True)
    assert process.returncode == 1
    assert "No space left on device" in process.stderr


def test_closed_streams_do_not_end_up_in_files(hearth):
    path = hearth.write("hearth.yaml", "service: x\n")
    before = open(path).read()
    process = subprocess.run(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *hearth.argv("check", "--config", path)])
    assert process.returncode == 0
    assert open(path).read() == before


def test_configuration_may_come_from_a_pipe(hearth):
    process = subprocess.run(hearth.argv("check", "--config", "/dev/stdin"), input="servce: x\n", capture_output=True,
                             text=True, env=hearth.environment())
    assert process.returncode == 3
    assert process.stderr.startswith('/dev/stdin:1:1: unknown key "servce"; did you mean "service"?')


def test_help_fits_a_narrow_terminal(hearth):
    main, terminal = os.openpty()
    subprocess.run(["stty", "cols", "60"], stdin=terminal, check=True)
    subprocess.run(hearth.argv("agent", "--help"), stdout=terminal, env=hearth.environment(), check=True)
    os.close(terminal)
    text = b""
    try:
        while chunk := os.read(main, 4096):
            text += chunk
    except OSError:  # EIO: the terminal's other end is closed and everything was read
        pass
    os.close(main)
    lines = text.decode().replace("\r", "").split("\n")
    assert len(lines) > 10 and max(map(len, lines)) <= 60, lines
