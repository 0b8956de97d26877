package files

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kgo"
)

// envelope is one line of kcat -J (github.com/edenhill/kcat, json.c).
type envelope struct {
	Topic     *string   `json:"topic"`
	Partition *int32    `json:"partition"`
	Offset    *int64    `json:"offset"`
	Timestamp *int64    `json:"ts"`      // Unix ms; -1 when there is none
	Headers   []*string `json:"headers"` // name, value, name, value …
	Key       content   `json:"key"`
	Payload   content   `json:"payload"`

	// weir's own addition, for bytes that are no UTF-8 and so cannot stand in a JSON string.
	KeyBase64     []byte `json:"key_base64"`
	PayloadBase64 []byte `json:"payload_base64"`
}

// content is a key or value: a JSON string holds its bytes, null means none, and any other JSON (kcat -s avro)
// stands for itself.
type content struct {
	present bool
	bytes   []byte
}

func (c *content) UnmarshalJSON(b []byte) error {
	c.present = true
	if b[0] == '"' {
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		c.bytes = []byte(s)
		return nil
	}
	if !bytes.Equal(b, []byte("null")) {
		c.bytes = bytes.Clone(b)
	}
	return nil
}

// isEnvelope tells a dump from NDJSON: kcat always writes coordinates and a payload.
func isEnvelope(line []byte) bool {
	var e envelope
	return json.Unmarshal(line, &e) == nil && e.complete()
}

func (e *envelope) complete() bool {
	return e.Topic != nil && e.Partition != nil && e.Offset != nil && e.Payload.present
}

func openEnvelope(line []byte) (*Record, error) {
	if !utf8.Valid(line) {
		return nil, errors.New("not UTF-8: kcat -J cannot carry these bytes, read the topic instead")
	}
	var e envelope
	if err := json.Unmarshal(line, &e); err != nil {
		return nil, fmt.Errorf("not a kcat -J envelope: %w", err)
	}
	if !e.complete() {
		return nil, errors.New("not a kcat -J envelope: want topic, partition, offset and payload")
	}
	if len(e.Headers)%2 != 0 {
		return nil, fmt.Errorf("headers: %d items, want names and values in turn", len(e.Headers))
	}
	r := &Record{Topic: *e.Topic, Partition: *e.Partition, Offset: *e.Offset, Key: e.Key.bytes, Value: e.Payload.bytes}
	if e.KeyBase64 != nil {
		r.Key = e.KeyBase64
	}
	if e.PayloadBase64 != nil {
		r.Value = e.PayloadBase64
	}
	if e.Timestamp != nil && *e.Timestamp >= 0 {
		r.Timestamp = time.UnixMilli(*e.Timestamp)
	}
	for i := 0; i < len(e.Headers); i += 2 {
		if e.Headers[i] == nil {
			return nil, errors.New("headers: a name is null")
		}
		h := kgo.RecordHeader{Key: *e.Headers[i]}
		if v := e.Headers[i+1]; v != nil {
			h.Value = []byte(*v)
		}
		r.Headers = append(r.Headers, h)
	}
	return r, nil
}
