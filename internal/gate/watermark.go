package gate

import (
	"fmt"
	"strconv"
	"strings"

	"weir/internal/window"
)

// The watermark of a source partition travels in the metadata of its committed offset, so that offset and watermark
// are committed, replayed and handed over as one: "weir1 <Unix ms>", or "weir1 -" before the first valid record.
const metadataFormat = "weir1"

func encodeWatermark(mark int64) string {
	if mark == window.NoWatermark {
		return metadataFormat + " -"
	}
	return metadataFormat + " " + strconv.FormatInt(mark, 10)
}

// decodeWatermark reads the metadata of a committed offset. Empty metadata is an offset that weir did not commit
// (set by an operator): no watermark is known, so the next valid record sets it anew.
func decodeWatermark(metadata string) (int64, error) {
	if metadata == "" {
		return window.NoWatermark, nil
	}
	format, mark, ok := strings.Cut(metadata, " ")
	if !ok || format != metadataFormat {
		return 0, fmt.Errorf("read watermark: offset metadata %q is not of this format (%s)", metadata, metadataFormat)
	}
	if mark == "-" {
		return window.NoWatermark, nil
	}
	ms, err := strconv.ParseInt(mark, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read watermark: offset metadata %q: %w", metadata, err)
	}
	return ms, nil
}
