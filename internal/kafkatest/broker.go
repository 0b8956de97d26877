package kafkatest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "embed"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	kafkaVersion = "4.1.1" // as in pom.xml
	copyPlugin   = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
	startTimeout = 60 * time.Second
)

//go:embed pom.xml
var pom []byte

// shared is the one broker of a test binary.
var shared = sync.OnceValues(func() (*Broker, error) {
	dir, err := os.MkdirTemp("", fmt.Sprintf("weir-kafka-%d-", os.Getpid()))
	if err != nil {
		return nil, err
	}
	sweep(dir)
	return Start(context.Background(), dir)
})

// Main runs a package's tests, then stops the shared broker and removes its folder. A package without it loses
// nothing but the folder, which the next run of any package removes.
func Main(m *testing.M) int {
	code := m.Run()
	if dirs, _ := filepath.Glob(filepath.Join(os.TempDir(), fmt.Sprintf("weir-kafka-%d-*", os.Getpid()))); len(dirs) > 0 {
		if b, err := shared(); err == nil {
			b.Stop()
			os.RemoveAll(b.dir)
		}
	}
	return code
}

// sweep removes the folders of shared brokers whose test binary has ended.
func sweep(except string) {
	dirs, _ := filepath.Glob(filepath.Join(os.TempDir(), "weir-kafka-*"))
	for _, dir := range dirs {
		rest := strings.TrimPrefix(filepath.Base(dir), "weir-kafka-")
		pid, err := strconv.Atoi(rest[:max(0, strings.Index(rest, "-"))])
		if err == nil && dir != except && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			os.RemoveAll(dir)
		}
	}
}

// needJava fails a test in CI, and skips it elsewhere, where Kafka cannot run.
func needJava(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("java"); err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("no java on the PATH: the real-broker tests need Java 17 and Maven")
	}
	t.Skip("SKIPPED: no java on the PATH. The real-broker tests need Java 17 and Maven, or KAFKA_BROKERS=host:port")
}

// Broker is an Apache Kafka of one node, broker and controller in one process.
type Broker struct {
	Addr string // host:port, kept over restarts

	more map[string]string // host:port of additional listeners, by name
	dir  string
	libs string
	proc *process
}

// Start fetches Kafka if the cache has none, formats a folder and starts a broker that answers. The folder is left
// to the caller. The broker dies with this process (on Linux), however that ends.
func Start(ctx context.Context, dir string) (*Broker, error) { return start(ctx, dir, additions{}) }

// additions are what a broker has beside its plain listener.
type additions struct {
	listeners  []string // NAME:PROTOCOL
	properties string   // lines; they win over those of every broker
	format     []string // arguments of StorageTool's format
}

func start(ctx context.Context, dir string, add additions) (*Broker, error) {
	libs, err := libraries(ctx)
	if err != nil {
		return nil, err
	}
	ports, err := freePorts(2 + len(add.listeners))
	if err != nil {
		return nil, err
	}
	b := &Broker{Addr: fmt.Sprintf("127.0.0.1:%d", ports[0]), dir: dir, libs: libs, more: map[string]string{}}
	if err := os.WriteFile(b.path("server.properties"), b.properties(ports, add), 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(b.path("log4j2.properties"), []byte(logging), 0o600); err != nil {
		return nil, err
	}
	args := append([]string{"format", "--standalone", "-t", "d2VpciBrYWZrYSB0ZXN0cw", "-c", b.path("server.properties")}, add.format...)
	format := b.java(ctx, "kafka.tools.StorageTool", args...)
	if out, err := format.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("format %s: %w: %s", dir, err, out)
	}
	if err := b.Restart(); err != nil {
		return nil, err
	}
	return b, nil
}

func (b *Broker) path(name string) string { return filepath.Join(b.dir, name) }

// logging writes warnings to standard error, which goes to the folder's kafka.log.
const logging = `status = error
appender.err.type = Console
appender.err.name = err
appender.err.target = SYSTEM_ERR
appender.err.layout.type = PatternLayout
appender.err.layout.pattern = %d %p %m (%c)%n%xEx
rootLogger.level = warn
rootLogger.appenderRef.err.ref = err
`

// properties are the broker's settings; the first port is the plain listener's, the second the controller's.
func (b *Broker) properties(ports []int, add additions) []byte {
	listeners := fmt.Sprintf("PLAINTEXT://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d", ports[0], ports[1])
	protocols := "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"
	for i, l := range add.listeners {
		name, _, _ := strings.Cut(l, ":")
		b.more[name] = fmt.Sprintf("127.0.0.1:%d", ports[2+i])
		listeners += "," + name + "://" + b.more[name]
		protocols += "," + l
	}
	return fmt.Appendf(nil, `process.roles=broker,controller
node.id=1
listeners=%[1]s
advertised.listeners=%[1]s
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers=127.0.0.1:%[2]d
listener.security.protocol.map=%[3]s
log.dirs=%[4]s
num.partitions=4
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
log.retention.check.interval.ms=5000
log.cleaner.backoff.ms=1000
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=16777216
%[5]s`, listeners, ports[1], protocols, b.path("data"), add.properties)
}

func (b *Broker) java(ctx context.Context, class string, args ...string) *exec.Cmd {
	jvm := []string{
		"-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
		"-Dlog4j2.configurationFile=" + b.path("log4j2.properties"),
		"-cp", filepath.Join(b.libs, "*"), class,
	}
	return exec.CommandContext(ctx, "java", append(jvm, args...)...)
}

// Restart starts the broker after Stop or Kill, on the same address and data, and waits until it answers.
func (b *Broker) Restart() error {
	log, err := os.OpenFile(b.path("kafka.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := b.java(context.Background(), "kafka.Kafka", b.path("server.properties"))
	cmd.Stdout, cmd.Stderr = log, log
	if b.proc, err = launch(cmd); err != nil {
		return fmt.Errorf("start kafka: %w", err)
	}
	if err := b.await(startTimeout); err != nil {
		b.Kill()
		out, _ := os.ReadFile(b.path("kafka.log"))
		return fmt.Errorf("start kafka: %w: %s", err, out[max(0, len(out)-2000):])
	}
	return nil
}

// await waits until the broker answers and its group coordinators do: a fresh broker refuses the first questions about
// groups while it creates their topic.
func (b *Broker) await(limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.Addr))
	if err != nil {
		return err
	}
	defer cl.Close()
	for {
		if err = cl.Ping(ctx); err == nil {
			if err = coordinated(ctx, cl); err == nil {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no answer within %s: %w", limit, err)
		case <-b.proc.done:
			return fmt.Errorf("it ended: %w", b.proc.err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// coordinated says whether every partition of the groups' topic has a coordinator that answers.
func coordinated(ctx context.Context, cl *kgo.Client) error {
	for _, g := range kadm.NewClient(cl).FetchManyOffsets(ctx, "a", "b", "c", "d") { // one for each of 4 partitions
		if g.Err != nil && !errors.Is(g.Err, kerr.GroupIDNotFound) {
			return fmt.Errorf("coordinator of group %s: %w", g.Group, g.Err)
		}
	}
	return nil
}

// Stop ends the broker as an operator does, by force after 20 s.
func (b *Broker) Stop() {
	b.signal(syscall.SIGCONT)
	b.signal(syscall.SIGTERM)
	select {
	case <-b.proc.done:
	case <-time.After(20 * time.Second):
		b.Kill()
	}
}

// Kill ends the broker at once (SIGKILL) and waits for its end.
func (b *Broker) Kill() {
	b.signal(syscall.SIGKILL)
	<-b.proc.done
}

// Freeze stops the broker without ending it (SIGSTOP); Thaw lets it go on.
func (b *Broker) Freeze() { b.signal(syscall.SIGSTOP) }
func (b *Broker) Thaw()   { b.signal(syscall.SIGCONT) }

// Pid is the process id of the running broker.
func (b *Broker) Pid() int { return b.proc.cmd.Process.Pid }

func (b *Broker) signal(sig syscall.Signal) {
	_ = b.proc.cmd.Process.Signal(sig) // an ended process needs none
}

// process is a child that dies with us.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed once it has ended
	err  error         // how it ended; valid after done
}

// launch starts cmd on a thread that lives as long as the child: the parent-death signal follows the thread.
func launch(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	dieWithParent(cmd)
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		defer close(p.done)
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
		}
	}()
	return p, <-started
}

// libraries is the folder of Kafka's jars in the user's cache, filled on first use.
func libraries(ctx context.Context) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	libs := filepath.Join(cache, "weir", "kafka-"+kafkaVersion)
	ready := func() bool {
		have, err := os.ReadFile(filepath.Join(libs, "pom.xml")) // written last
		return err == nil && bytes.Equal(have, pom)
	}
	if ready() {
		return libs, nil
	}
	if err := os.MkdirAll(libs, 0o700); err != nil {
		return "", err
	}
	unlock, err := lockFile(libs + ".lock") // test binaries run in parallel
	if err != nil {
		return "", err
	}
	defer unlock()
	if ready() {
		return libs, nil
	}
	work, err := os.MkdirTemp("", "weir-kafka-pom-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	if err := os.WriteFile(filepath.Join(work, "pom.xml"), pom, 0o600); err != nil {
		return "", err
	}
	mvn := exec.CommandContext(ctx, "mvn", "-q", "-B", "-f", filepath.Join(work, "pom.xml"), copyPlugin, "-DincludeScope=runtime", "-DoutputDirectory="+libs)
	if out, err := mvn.CombinedOutput(); err != nil {
		return "", fmt.Errorf("fetch Kafka %s with Maven: %w: %s", kafkaVersion, err, out)
	}
	return libs, os.WriteFile(filepath.Join(libs, "pom.xml"), pom, 0o600)
}

// lockFile waits for an exclusive lock on a file, which the kernel drops with the process.
func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return func() { f.Close() }, nil
}

// freePorts are loopback ports nobody listens on just now.
func freePorts(n int) ([]int, error) {
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // all are held until the last is found
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}
