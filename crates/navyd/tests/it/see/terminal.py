"""A program on a terminal: terminal.py COLUMNS ROWS UNTIL PROGRAM ARGUMENT…

Writes what the program writes, and ends as it ends. Once UNTIL, unless empty, has come twice, types control-C; a minute
and a half later it does so in any case, so that a test which waits in vain fails and does not hang.
"""
import fcntl, os, pty, signal, struct, sys, termios

columns, rows, until, program = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].encode(), sys.argv[4:]
go, wait = os.pipe()
pid, terminal = pty.fork()
if pid == 0:
    os.close(wait)
    os.read(go, 1)
    os.execv(program[0], program)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
settings = termios.tcgetattr(terminal)
settings[3] &= ~termios.ECHO
settings[3] |= termios.NOFLSH  # else control-C throws away what is written and not read yet
termios.tcsetattr(terminal, termios.TCSANOW, settings)
os.close(go)
os.close(wait)
written, typed = b"", not until
signal.signal(signal.SIGALRM, lambda *_: os.write(terminal, b"\x03"))
signal.alarm(90)
while True:
    try:
        part = os.read(terminal, 65536)
    except OSError:  # EIO: the program has closed its end
        break
    if not part:
        break
    written += part
    if not typed and written.count(until) >= 2:
        os.write(terminal, b"\x03")
        typed = True
sys.stdout.buffer.write(written)
sys.stdout.flush()
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(status if status >= 0 else 128 - status)
