package files

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/columns"
	"weir/internal/contract"
)

func all(t *testing.T, r *Reader) []*Record {
	t.Helper()
	var out []*Record
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, rec)
	}
}

func values(records []*Record) []string {
	var out []string
	for _, r := range records {
		out = append(out, string(r.Value))
	}
	return out
}

func open1(t *testing.T, name, content string, o Options) *Reader {
	t.Helper()
	r, err := OpenBytes(name, []byte(content), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestParquetRowsAreWhatPyarrowSays(t *testing.T) {
	r, err := Open(filepath.Join("testdata", "kinds.parquet"), Options{Topic: "kinds"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got := all(t, r)
	data, err := os.ReadFile(filepath.Join("testdata", "kinds.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(data)), "\n")
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	for i := range want {
		if diff := cmp.Diff(decoded(t, want[i]), decoded(t, string(got[i].Value))); diff != "" {
			t.Errorf("row %d differs from pyarrow's:\n%s", i, diff)
		}
		if got[i].Topic != "kinds" || got[i].Offset != int64(i) {
			t.Errorf("row %d is %s/%d", i, got[i].Topic, got[i].Offset)
		}
	}
	if done, total := r.Progress(); done != 30 || total != 30 || r.Unit() != "records" {
		t.Errorf("progress %d of %d %s, want 30 of 30 records", done, total, r.Unit())
	}
	if prefix := `{"int8":-15,"int32":0,"int64":9223372036854775807,"uint64":18446744073709551615,"float32":0,`; !strings.HasPrefix(string(got[0].Value), prefix) {
		t.Errorf("row 0 is %s: want the columns in the file's order", got[0].Value)
	}
}

// decoded keeps numbers as they are written where Python writes them the same, else as their value.
func decoded(t *testing.T, line string) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(line))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		t.Fatal(err)
	}
	for k, v := range m {
		if n, ok := v.(json.Number); ok && !strings.Contains(k, "int") {
			m[k], _ = n.Float64()
		}
		if s, ok := v.(string); ok && strings.HasPrefix(k, "stamp") {
			at, err := time.Parse(time.RFC3339, s)
			if err != nil {
				t.Fatal(err)
			}
			m[k] = at.UnixMilli()
		}
	}
	return m
}

func TestDamagedParquetIsAnErrorNotAPanic(t *testing.T) {
	good, err := os.ReadFile(filepath.Join("testdata", "kinds.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	faults := 0
	for at := 4; at < len(good); at += 97 {
		bad := bytes.Clone(good)
		bad[at] ^= 0xff
		r, err := OpenBytes("bad.parquet", bad, Options{})
		for err == nil {
			_, err = r.Next()
		}
		if !errors.Is(err, io.EOF) {
			faults++
		}
	}
	if faults == 0 {
		t.Error("no damage was noticed")
	}
	if _, err := OpenBytes("cut.parquet", good[:len(good)/2], Options{}); err == nil || !strings.Contains(err.Error(), "cut.parquet") {
		t.Errorf("half a file: error %v, want one that names it", err)
	}
}

func TestNDJSONKeepsBytesAndNumbersRecordsByLine(t *testing.T) {
	text := "\xef\xbb\xbf{\"a\":1}\r\n\n  {\"a\": 2.0} \nnot json\n{\"a\":\xff}"
	r := open1(t, "x.ndjson", text, Options{Topic: "flights"})
	got := all(t, r)
	if want := []string{`{"a":1}`, `  {"a": 2.0} `, `not json`, "{\"a\":\xff}"}; !slices.Equal(values(got), want) {
		t.Errorf("records %q, want %q", values(got), want)
	}
	for i, want := range []int64{0, 2, 3, 4} {
		if got[i].Offset != want || got[i].Topic != "flights" || !got[i].Timestamp.IsZero() {
			t.Errorf("record %d is %s/%d at %v, want flights/%d without a time", i, got[i].Topic, got[i].Offset, got[i].Timestamp, want)
		}
	}
	if done, total := r.Progress(); done != int64(len(text)) || total != done || r.Unit() != "bytes" {
		t.Errorf("progress %d of %d, want all %d bytes", done, total, len(text))
	}
}

func TestGzipIsRecognisedByItsBytes(t *testing.T) {
	var z bytes.Buffer
	for _, part := range []string{"{\"a\":1}\n{\"a\"", ":2}\n"} { // two members, as cat a.gz b.gz makes them
		w := gzip.NewWriter(&z)
		w.Write([]byte(part))
		w.Close()
	}
	for _, open := range []func() (*Reader, error){
		func() (*Reader, error) { return OpenBytes("plain-name", z.Bytes(), Options{}) },
		func() (*Reader, error) {
			return OpenStream("stdin", bytes.NewReader(z.Bytes()), Options{Format: NDJSON})
		},
	} {
		r, err := open()
		if err != nil {
			t.Fatal(err)
		}
		if got := values(all(t, r)); !slices.Equal(got, []string{`{"a":1}`, `{"a":2}`}) {
			t.Errorf("records %q", got)
		}
	}
	r, err := OpenBytes("cut.gz", z.Bytes()[:z.Len()-12], Options{})
	for err == nil {
		_, err = r.Next()
	}
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a cut gzip ends with %v, want an error", err)
	}
}

func TestLinesBeyondTheBoundAreNamed(t *testing.T) {
	long := "{\"a\":\"" + strings.Repeat("x", MaxRecord-10) + "\"}"
	if got := all(t, open1(t, "x", "1\n"+long+"\n2", Options{})); len(got) != 3 || len(got[1].Value) != len(long) {
		t.Errorf("a line of %d bytes was not read", len(long))
	}
	r := open1(t, "x.ndjson", "1\n"+strings.Repeat("x", MaxRecord+1), Options{})
	_, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	if _, err = r.Next(); err == nil || err.Error() != "read x.ndjson: line 2 is longer than 16 MiB" {
		t.Errorf("error %v", err)
	}
	r = open1(t, "x.csv", "a,b\n1,\"open"+strings.Repeat("\nx", MaxRecord), Options{})
	if _, err = r.Next(); err == nil || !strings.Contains(err.Error(), "x.csv: row 1") || !strings.Contains(err.Error(), "quote") {
		t.Errorf("error %v", err)
	}
}

func TestCSVCellsBecomeJSONOfTheLayoutsKinds(t *testing.T) {
	c := &contract.Contract{}
	for name, k := range map[string]contract.Kind{"n": contract.Integer, "x": contract.Number, "ok": contract.Boolean, "s": contract.String} {
		c.Fields = append(c.Fields, contract.Field{Name: name, Path: "/" + name, Kind: k})
	}
	text := "n,x,ok,s,other\n" +
		"1,2.5e3,true,7,8\n" +
		"1.0,-0,False,\"a \"\"b\"\"\nc\",\n" +
		"007,1e,yes,,NaN\r\n" +
		"+1, 1,1,true,\n"
	want := []string{
		`{"n":1,"x":2.5e3,"ok":true,"s":"7","other":"8"}`,
		`{"n":1.0,"x":-0,"ok":false,"s":"a \"b\"\nc","other":null}`,
		`{"n":"007","x":"1e","ok":"yes","s":null,"other":"NaN"}`,
		`{"n":"+1","x":" 1","ok":"1","s":"true","other":null}`,
	}
	got := all(t, open1(t, "x.csv", text, Options{Layout: columns.NewLayout(c)}))
	if !slices.Equal(values(got), want) {
		t.Errorf("records\n%s\nwant\n%s", strings.Join(values(got), "\n"), strings.Join(want, "\n"))
	}
	plain := values(all(t, open1(t, "x.csv", "n\n1\n", Options{})))
	if !slices.Equal(plain, []string{`{"n":"1"}`}) {
		t.Errorf("without a layout: %q, want text", plain)
	}
}

func TestCSVFaultsNameTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                "no header",
		"a,a\n":           `"a" twice`,
		"a,b\n1,2\n3\n":   "line 3",
		"a,b\n1,2\n3,\"x": "line 3",
		"a\n\xff\n":       "line 2",
	} {
		r, err := OpenBytes("x.csv", []byte(text), Options{})
		for err == nil {
			_, err = r.Next()
		}
		if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "x.csv") {
			t.Errorf("%q: error %v, want x.csv and %q", text, err, want)
		}
	}
}

const dump = `{"topic":"flights.raw","partition":3,"offset":42,"tstype":"create","ts":1360343045123,"broker":1,"headers":["traceparent","00-ab","weir.contract",null],"key":"EWR-1","payload":"{\"a\":\"\u00e9\"}"}
{"topic":"flights.raw","partition":0,"offset":7,"tstype":"create","ts":-1,"broker":1,"key":null,"payload":null}
{"topic":"flights.raw","partition":1,"offset":8,"tstype":"create","ts":5,"key":"","payload":""}
{"topic":"avro","partition":1,"offset":9,"ts":5,"key":{"id":1},"payload":{"a": [1, 2]}}
`

func TestKcatDumpKeepsCoordinatesHeadersKeysAndTombstones(t *testing.T) {
	r := open1(t, "dump.json", dump, Options{Topic: "unused"})
	got := all(t, r)
	if !r.IsDump() {
		t.Error("a dump was not recognised")
	}
	first := got[0]
	if first.Topic != "flights.raw" || first.Partition != 3 || first.Offset != 42 || first.Timestamp.UnixMilli() != 1360343045123 {
		t.Errorf("first record is %s/%d/%d at %v", first.Topic, first.Partition, first.Offset, first.Timestamp)
	}
	if string(first.Key) != "EWR-1" || string(first.Value) != `{"a":"é"}` {
		t.Errorf("first record holds %q: %q", first.Key, first.Value)
	}
	if h := fmt.Sprintf("%s=%s %s=%v", first.Headers[0].Key, first.Headers[0].Value, first.Headers[1].Key, first.Headers[1].Value); h != "traceparent=00-ab weir.contract=[]" {
		t.Errorf("headers %s", h)
	}
	if got[1].Key != nil || got[1].Value != nil || !got[1].Timestamp.IsZero() {
		t.Errorf("tombstone is %v: %v at %v, want nothing at all", got[1].Key, got[1].Value, got[1].Timestamp)
	}
	if got[2].Key == nil || got[2].Value == nil || len(got[2].Value) != 0 {
		t.Errorf("empty payload is %v: %v, want empty and not nil", got[2].Key, got[2].Value)
	}
	if string(got[3].Key) != `{"id":1}` || string(got[3].Value) != `{"a": [1, 2]}` {
		t.Errorf("decoded payload is %s: %s", got[3].Key, got[3].Value)
	}
}

func TestADumpIsOnlyWhatLooksLikeOne(t *testing.T) {
	line := `{"topic":"t","partition":0,"offset":1}`
	plain := open1(t, "x", line, Options{})
	if got := values(all(t, plain)); !slices.Equal(got, []string{line}) || plain.IsDump() {
		t.Errorf("a record with coordinates of its own became %q", got)
	}
	for text, want := range map[string]string{
		strings.Split(dump, "\n")[0] + "\n{\"a\":1}":           "line 2: not a kcat -J envelope",
		strings.Replace(dump, `"EWR-1"`, "\"\xff\"", 1) + "\n": "line 1: not UTF-8",
		strings.Replace(dump, `,null]`, `]`, 1):                "line 1: headers",
	} {
		r, err := OpenBytes("x", []byte(text), Options{Format: Kcat})
		for err == nil {
			_, err = r.Next()
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestOpenExplainsWhatCannotBeOpened(t *testing.T) {
	for _, c := range []struct {
		open func() (*Reader, error)
		want string
	}{
		{func() (*Reader, error) { return Open("testdata/missing", Options{}) }, "missing"},
		{func() (*Reader, error) { return Open("testdata", Options{}) }, "directory"},
		{func() (*Reader, error) { return OpenBytes("x", nil, Options{Format: "xml"}) }, `"xml"`},
		{func() (*Reader, error) { return OpenStream("stdin", nil, Options{Format: Parquet}) }, "Parquet needs a file"},
		{func() (*Reader, error) { return OpenBytes("x", []byte("\x1f\x8b broken"), Options{}) }, "gzip"},
	} {
		if _, err := c.open(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
	if got := all(t, open1(t, "empty", "", Options{})); len(got) != 0 {
		t.Errorf("an empty file has %d records", len(got))
	}
}
