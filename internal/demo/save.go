package demo

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/kafka"
)

// Files that a run leaves in its folder, beside contracts/ and weir.yaml.
const (
	RawFile     = "flights.raw.ndjson"  // the input topic, as kcat -J prints it, in event-time order
	DeadFile    = "flights.dead.ndjson" // the dead letters, as kcat -J prints them
	ReportsFile = "reports.ndjson"      // one report per line, by window
	EventsFile  = "events.ndjson"       // one event per line, by window
	ConfigFile  = "weir.yaml"
)

// envelope is one record as kcat -J prints it. payload_base64 and key_base64 are weir's addition for bytes that are
// no UTF-8, which a JSON string cannot hold; readers that do not know them see the replacement characters.
type envelope struct {
	Topic         string   `json:"topic"`
	Partition     int32    `json:"partition"`
	Offset        int64    `json:"offset"`
	TSType        string   `json:"tstype"`
	TS            int64    `json:"ts"`
	Headers       []string `json:"headers,omitempty"` // name, value, name, value, …
	Key           *string  `json:"key"`
	KeyBase64     []byte   `json:"key_base64,omitempty"`
	Payload       *string  `json:"payload"`
	PayloadBase64 []byte   `json:"payload_base64,omitempty"`
}

func newEnvelope(r *kgo.Record) envelope {
	e := envelope{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, TSType: "create", TS: r.Timestamp.UnixMilli()}
	for _, h := range r.Headers {
		e.Headers = append(e.Headers, h.Key, string(h.Value))
	}
	text := func(b []byte) (*string, []byte) {
		if b == nil {
			return nil, nil
		}
		s := string(b)
		if utf8.Valid(b) {
			return &s, nil
		}
		return &s, b
	}
	e.Key, e.KeyBase64 = text(r.Key)
	e.Payload, e.PayloadBase64 = text(r.Value)
	return e
}

// lines writes NDJSON files.
type lines struct {
	file *os.File
	out  *bufio.Writer
	json *json.Encoder
}

func createLines(dir, name string) (*lines, error) {
	f, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	l := &lines{file: f, out: bufio.NewWriterSize(f, 1<<20)}
	l.json = json.NewEncoder(l.out)
	l.json.SetEscapeHTML(false)
	return l, nil
}

func (l *lines) close() error { return cmp.Or(l.out.Flush(), l.file.Close()) }

// SaveInput writes the input topic in event-time order, so that a reader of the file closes windows as it goes.
func SaveInput(dir string, n Names, in *Injection, places []Place, o *Output) (err error) {
	l, err := createLines(dir, RawFile)
	if err != nil {
		return fmt.Errorf("save the input: %w", err)
	}
	defer func() { err = cmp.Or(err, l.close()) }()
	for i, f := range in.Stream {
		seen, _ := at(o.Raw[places[i].Partition], places[i].Offset)
		r := kgo.Record{Topic: n.Input, Partition: places[i].Partition, Offset: places[i].Offset, Key: []byte(f.Key), Value: f.Value}
		e := newEnvelope(&r)
		e.TS = seen.Timestamp
		if err := l.json.Encode(e); err != nil {
			return fmt.Errorf("save the input: %w", err)
		}
	}
	return nil
}

// SaveDead writes the dead letters by partition and offset.
func SaveDead(dir string, o *Output) (err error) {
	l, err := createLines(dir, DeadFile)
	if err != nil {
		return fmt.Errorf("save the dead letters: %w", err)
	}
	defer func() { err = cmp.Or(err, l.close()) }()
	for _, letter := range o.Dead {
		if err := l.json.Encode(newEnvelope(letter.Record)); err != nil {
			return fmt.Errorf("save the dead letters: %w", err)
		}
	}
	return nil
}

// SaveTopic writes a topic's values, one per line, sorted by key and, within a key, in order of the topic: the bytes
// that two runs over the same records have in common. Events that tell of processes are left out.
func SaveTopic(ctx context.Context, c kafka.Config, dir, name, topic string) error {
	type row struct{ key, value []byte }
	var rows []row
	if err := kafka.Read(ctx, c, topic, nil, func(r *kgo.Record) error {
		if ofProcess(r) {
			return nil
		}
		rows = append(rows, row{r.Key, r.Value})
		return nil
	}); err != nil {
		return err
	}
	slices.SortStableFunc(rows, func(a, b row) int { return bytes.Compare(a.key, b.key) })
	var out bytes.Buffer
	for _, r := range rows {
		out.Write(r.value)
		out.WriteByte('\n')
	}
	if err := writeFile(filepath.Join(dir, name), out.Bytes()); err != nil {
		return fmt.Errorf("save %s: %w", topic, err)
	}
	return nil
}

// SaveConfig writes the weir.yaml that runs the demo's route, and returns its path.
func SaveConfig(dir string, n Names, brokers []string) (string, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, `# Written by weir demo: the configuration that runs what the demo ran.
kafka:
  brokers: [%s]
environment: demo
group: %s
contracts: contracts
http: {listen: "off"}
telemetry: {log_level: warn, log_format: text}

routes:
  - input: %s
    contract: flights@1.0.0
    mode: enforce
    output: %s
    dead_letters: %s
`, joinQuoted(brokers), n.Group, n.Input, n.Output, n.Dead)
	file := filepath.Join(dir, ConfigFile)
	if err := writeFile(file, b.Bytes()); err != nil {
		return "", fmt.Errorf("save configuration: %w", err)
	}
	return file, nil
}

func joinQuoted(list []string) string {
	var b bytes.Buffer
	for i, s := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", s)
	}
	return b.String()
}
