# %% memory-array | won | memory=200M heavy
array = np.ones(60_000_000)
won()

# %% memory-text | won | memory=200M
pieces = []
for number in range(60):
    pieces.append(bytes(8_000_000))
    pieces[-1].count(b"x")
won()

# %% memory-list | won | memory=200M heavy
long = [None] * 60_000_000
won()

# %% memory-frame | won | memory=200M heavy
frame = pd.concat([pd.DataFrame({"a": np.ones(1_000_000)})] * 60)
won()

# %% memory-product | won | memory=200M heavy
one = pd.DataFrame({"a": 1, "b": range(6_000)})
joined = one.merge(one, on="a")
won()

# %% memory-map | won | memory=200M
import mmap
mapped = mmap.mmap(-1, 480_000_000)
mapped[::4096] = b"x" * len(mapped[::4096])
won()

# %% memory-map-shared | won | memory=200M
pieces = []
for number in range(8):
    memory = os.memfd_create("m")
    os.ftruncate(memory, 60_000_000)
    with open(memory, "wb", buffering=0) as file:
        for _ in range(60):
            file.write(bytes(1_000_000))
        pieces.append(os.dup(file.fileno()))
won()

# %% memory-limit-raised | won | memory=200M heavy
import resource
resource.setrlimit(resource.RLIMIT_AS, (resource.getrlimit(resource.RLIMIT_AS)[1],) * 2)
array = np.ones(60_000_000)
won()

# %% memory-arrow | won | memory=200M
import pyarrow as pa
kept = pa.allocate_buffer(480_000_000)
np.frombuffer(kept, dtype=np.uint8)[::4096] = 1
won()

# %% memory-polars | won | memory=200M heavy
import polars
frame = polars.DataFrame({"a": polars.int_range(0, 60_000_000, eager=True)})
won()

# %% zip-bomb | won | memory=200M heavy
import gzip
with gzip.open("bomb.csv.gz", "wb", compresslevel=1) as out:
    out.write(b"a\n")
    for _ in range(40):
        out.write(b"1234567890\n" * 100_000)
frame = pd.read_csv("bomb.csv.gz", dtype=str, engine="c")
longer = pd.concat([frame["a"].str.repeat(10)] * 4)
won()

# %% big-number | won | memory=200M
number = 1 << 3_600_000_000
won()

# %% big-text | won | memory=200M
text = "x" * 480_000_000
won()

# %% fork-bomb | won
children = []
for _ in range(20):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    children.append(pid)
for pid in children:
    os.waitpid(pid, 0)
won()

# %% thread-bomb | won | memory=200M
import threading
gate = threading.Event()
threads = [threading.Thread(target=gate.wait) for _ in range(300)]
try:
    for thread in threads:
        thread.start()
    won()
finally:
    gate.set()

# %% thread-bomb-of-small-stacks | won | seconds=3 memory=400M heavy
import threading
threading.stack_size(64 * 1024)
gate = threading.Event()
threads = [threading.Thread(target=gate.wait) for _ in range(1500)]
try:
    for thread in threads:
        thread.start()
    won()
finally:
    gate.set()
    threading.stack_size(0)

# %% file-size | won | file_size=8M
with open("big.bin", "wb") as file:
    for _ in range(32):
        file.write(bytes(1_000_000))
won()

# %% file-size-sparse | won | file_size=8M
with open("big.bin", "wb") as file:
    file.truncate(32_000_000)
won()

# %% file-size-ahead | won | file_size=8M
with open("big.bin", "wb") as file:
    os.posix_fallocate(file.fileno(), 0, 32_000_000)
won()

# %% file-size-unseen | won | file_size=8M
with open("big.bin", "wb") as file:
    syscall("fallocate", file.fileno(), 1, 0, 32_000_000)
    if os.fstat(file.fileno()).st_blocks * 512 >= 32_000_000:
        won()

# %% work-folder | won | work_size=16M file_size=8M heavy waits
import time
for number in range(16):
    with open(f"part-{number}.bin", "wb") as file:
        file.write(bytes(4_000_000))
time.sleep(2)
won()

# %% work-folder-beside | won | work_size=16M file_size=8M heavy waits
import tempfile
import time
for number in range(16):
    with open(f"{tempfile.gettempdir()}/part-{number}.bin", "wb") as file:
        file.write(bytes(4_000_000))
time.sleep(2)
won()

# %% many-files | won | work_files=1000 work_size=16M heavy waits
import time
os.mkdir("many")
for number in range(20_000):
    os.close(os.open(f"many/{number}", os.O_CREAT | os.O_WRONLY))
time.sleep(2)
won()

# %% open-files | won | open_files=256
kept = [os.open("/dev/null", os.O_RDONLY) for _ in range(1000)]
won()
for descriptor in kept:
    os.close(descriptor)

# %% open-files-limit-raised | won | open_files=256
import resource
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
kept = [os.open("/dev/null", os.O_RDONLY) for _ in range(1000)]
won()
for descriptor in kept:
    os.close(descriptor)

# %% open-files-of-threads | won | open_files=256
import threading
together, taken = threading.Barrier(8), []
def take():
    kept = []
    try:
        syscall("close_range", 2**31, 2**31, 2)
        kept += [os.open("/dev/null", os.O_RDONLY) for _ in range(100)]
        together.wait(5)
        taken.extend(kept)
        together.wait(5)
    finally:
        for descriptor in kept:
            os.close(descriptor)
threads = [threading.Thread(target=take) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
if len(taken) == 800:
    won()

# %% pipes | won | open_files=256
kept = [os.pipe() for _ in range(400)]
won()
for pair in kept:
    os.close(pair[0])
    os.close(pair[1])

# %% processor-time | won | cpu_seconds=1 heavy
import time
while time.process_time() < 4:
    pass
won()

# %% wall-time | won | alone seconds=1 heavy waits
import time
end = time.monotonic() + 3
while time.monotonic() < end:
    time.sleep(0.01)
won()

# %% wall-time-deaf | won | alone seconds=1 heavy waits
import signal
import time
signal.signal(signal.SIGINT, signal.SIG_IGN)
end = time.monotonic() + 4
while time.monotonic() < end:
    time.sleep(0.01)
won()

# %% wall-time-blocked | won | alone seconds=1 heavy waits
import signal
import time
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
end = time.monotonic() + 4
while time.monotonic() < end:
    time.sleep(0.01)
won()

# %% wall-time-stubborn | won | alone seconds=1 heavy waits
import time
end = time.monotonic() + 4
while time.monotonic() < end:
    try:
        time.sleep(0.5)
    except KeyboardInterrupt:
        pass
won()

# %% wall-time-in-c | won | alone seconds=1 heavy
import time
end = time.monotonic() + 3
matrix = np.random.default_rng(0).random((1500, 1500))
while time.monotonic() < end:
    matrix = np.linalg.svd(matrix)[0]
won()

# %% pattern-catastrophe | won | alone seconds=1 heavy
import re
re.match(r"(a+)+$", "a" * 26 + "b")
won()

# %% pattern-catastrophe-in-a-frame | won | alone seconds=1 heavy
pd.Series(["a" * 25 + "b"] * 2, dtype=object).str.match(r"(a|a)*$")
won()

# %% deep-recursion | hung | alone careless seconds=1 waits
import sys
import time
sys.setrecursionlimit(10**9)
def down(n):
    return [down(n + 1)]
class Deaf:
    def __del__(self):
        time.sleep(30)
deaf = Deaf()
try:
    down(0)
finally:
    time.sleep(30)

# %% output | won | alone careless=plain seconds=5 output=100K
text = "x" * 1000
for _ in range(1000):
    print(text)
print(aim.word)

# %% output-at-once | flooded | alone careless=plain seconds=5 output=100K heavy
print("x" * 40_000_000)

# %% output-of-errors | flooded | alone careless=plain seconds=5 output=100K heavy
import sys
print("x" * 40_000_000, file=sys.stderr)

# %% output-past-the-stream | flooded | alone careless=plain seconds=5 output=100K message=1M traffic=4M heavy
import sys
from ipykernel.iostream import OutStream
for _ in range(40):
    OutStream.write(sys.stdout, "x" * 1_000_000)
    sys.stdout.flush()

# %% huge-display | flooded | alone careless=plain seconds=5 message=1M traffic=4M
from IPython.display import HTML, display
display(HTML("x" * 40_000_000))

# %% huge-text-of-an-object | flooded | alone careless=plain seconds=5 message=1M traffic=4M heavy
class Huge:
    def __repr__(self):
        return "x" * 40_000_000
print(Huge())
Huge()

# %% huge-cell | flooded | alone careless=plain seconds=5 table_size=4M message=1M traffic=4M heavy
from IPython.display import display
frame = pd.DataFrame({"a": ["x" * 40_000_000]})
print(frame.to_string())
frame

# %% huge-error | flooded | alone careless=plain seconds=5 message=1M traffic=4M heavy
raise ValueError("x" * 40_000_000)

# %% huge-name-of-an-error | flooded | alone careless=plain seconds=5 message=1M traffic=4M heavy
raise type("x" * 40_000_000, (Exception,), {})()

# %% huge-value | flooded | alone careless=plain seconds=5 message=1M traffic=4M heavy
print(list(range(6_000_000)))
list(range(6_000_000))

# %% huge-figure | flooded | alone careless=plain seconds=20 work_size=8M message=1M traffic=4M heavy
figure = plt.figure(figsize=(16, 16), dpi=100)
figure.figimage(np.random.default_rng(0).random((1600, 1600, 3)))
figure.savefig("figure.png")
plt.show()

# %% huge-comm | flooded | alone careless=plain seconds=5 message=1M traffic=4M
import comm
one = comm.create_comm(target_name="x", data={"x": "x" * 40_000_000})
