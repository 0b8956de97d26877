package profile

import (
	"encoding/json"
	"fmt"
)

// Progress tells the monitor how far the gate has read the sources of one contract. One is written with every
// transaction of the gate, beside the profiles it covers.
type Progress struct {
	Format   int      `json:"format"` // 1
	Contract string   `json:"contract"`
	Sources  []Source `json:"sources"`
}

// Source is one input partition in a Progress. From equals the Next of that partition's previous progress.
type Source struct {
	Topic      string `json:"topic"`
	Partition  int32  `json:"partition"`
	Partitions int    `json:"partitions"` // of the topic
	From       int64  `json:"from"`
	Next       int64  `json:"next"`
	Watermark  *int64 `json:"watermark"` // Unix ms, null before the first valid record
	Idle       bool   `json:"idle,omitempty"`
	Ended      bool   `json:"ended,omitempty"`
}

const progressFormat = 1

// Encode writes the progress record's value.
func (p *Progress) Encode() []byte {
	p.Format = progressFormat
	b, err := json.Marshal(p)
	if err != nil {
		panic(fmt.Sprintf("encode progress: %v", err)) // only plain fields: cannot fail
	}
	return b
}

// DecodeProgress reads a progress record's value.
func DecodeProgress(b []byte) (*Progress, error) {
	var p Progress
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, fmt.Errorf("decode progress: %w", err)
	}
	if p.Format != progressFormat {
		return nil, fmt.Errorf("decode progress: format %d, this build reads %d", p.Format, progressFormat)
	}
	return &p, nil
}
