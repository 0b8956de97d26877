package files

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/go-json-experiment/json/jsontext"
)

// cellWriter appends the i-th value of one array, which is not null, as JSON.
type cellWriter func(b []byte, i int) ([]byte, error)

// integers are Arrow's arrays of whole numbers.
type integers[T any] interface{ Value(int) T }

func cellWriterFor(a arrow.Array) cellWriter {
	switch a := a.(type) {
	case *array.Int8:
		return signed[int8](a)
	case *array.Int16:
		return signed[int16](a)
	case *array.Int32:
		return signed[int32](a)
	case *array.Int64:
		return signed[int64](a)
	case *array.Uint8:
		return unsigned[uint8](a)
	case *array.Uint16:
		return unsigned[uint16](a)
	case *array.Uint32:
		return unsigned[uint32](a)
	case *array.Uint64:
		return unsigned[uint64](a)
	case *array.Float32:
		return func(b []byte, i int) ([]byte, error) { return appendFloat(b, float64(a.Value(i)), 32), nil }
	case *array.Float64:
		return func(b []byte, i int) ([]byte, error) { return appendFloat(b, a.Value(i), 64), nil }
	case *array.Boolean:
		return func(b []byte, i int) ([]byte, error) { return strconv.AppendBool(b, a.Value(i)), nil }
	case *array.Decimal128:
		scale := a.DataType().(*arrow.Decimal128Type).Scale
		return func(b []byte, i int) ([]byte, error) { return append(b, a.Value(i).ToString(scale)...), nil }
	case *array.Decimal256:
		scale := a.DataType().(*arrow.Decimal256Type).Scale
		return func(b []byte, i int) ([]byte, error) { return append(b, a.Value(i).ToString(scale)...), nil }
	}
	if w := textWriterFor(a); w != nil {
		return w
	}
	return func(b []byte, i int) ([]byte, error) { // lists, structs, maps: as Arrow's own JSON
		v, err := json.Marshal(a.GetOneForMarshal(i))
		return append(b, v...), err
	}
}

// textWriterFor serves the arrays whose values JSON writes as strings.
func textWriterFor(a arrow.Array) cellWriter {
	switch a := a.(type) {
	case *array.String:
		return func(b []byte, i int) ([]byte, error) { return jsontext.AppendQuote(b, a.Value(i)) }
	case *array.LargeString:
		return func(b []byte, i int) ([]byte, error) { return jsontext.AppendQuote(b, a.Value(i)) }
	case *array.Binary:
		return func(b []byte, i int) ([]byte, error) { return appendBase64(b, a.Value(i)), nil }
	case *array.LargeBinary:
		return func(b []byte, i int) ([]byte, error) { return appendBase64(b, a.Value(i)), nil }
	case *array.Timestamp:
		unit := a.DataType().(*arrow.TimestampType).Unit
		return func(b []byte, i int) ([]byte, error) {
			return appendTime(b, a.Value(i).ToTime(unit), time.RFC3339Nano), nil
		}
	case *array.Date32:
		return func(b []byte, i int) ([]byte, error) { return appendTime(b, a.Value(i).ToTime(), time.DateOnly), nil }
	case *array.Date64:
		return func(b []byte, i int) ([]byte, error) { return appendTime(b, a.Value(i).ToTime(), time.DateOnly), nil }
	case *array.Time32:
		unit := a.DataType().(*arrow.Time32Type).Unit
		return func(b []byte, i int) ([]byte, error) { return appendTime(b, a.Value(i).ToTime(unit), clock), nil }
	case *array.Time64:
		unit := a.DataType().(*arrow.Time64Type).Unit
		return func(b []byte, i int) ([]byte, error) { return appendTime(b, a.Value(i).ToTime(unit), clock), nil }
	}
	return nil
}

// clock is RFC 3339's full-time; Parquet's times of day are in UTC.
const clock = "15:04:05.999999999Z07:00"

func signed[T int8 | int16 | int32 | int64](a integers[T]) cellWriter {
	return func(b []byte, i int) ([]byte, error) { return strconv.AppendInt(b, int64(a.Value(i)), 10), nil }
}

func unsigned[T uint8 | uint16 | uint32 | uint64](a integers[T]) cellWriter {
	return func(b []byte, i int) ([]byte, error) { return strconv.AppendUint(b, uint64(a.Value(i)), 10), nil }
}

// appendFloat writes the shortest number that reads back as x, and what JSON has no number for as text.
func appendFloat(b []byte, x float64, bits int) []byte {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return append(strconv.AppendFloat(append(b, '"'), x, 'g', -1, bits), '"')
	}
	return strconv.AppendFloat(b, x, 'g', -1, bits)
}

func appendBase64(b, data []byte) []byte {
	return append(base64.StdEncoding.AppendEncode(append(b, '"'), data), '"')
}

func appendTime(b []byte, t time.Time, layout string) []byte {
	return append(t.UTC().AppendFormat(append(b, '"'), layout), '"')
}
