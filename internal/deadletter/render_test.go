package deadletter

import (
	"strings"
	"testing"
	"time"

	"weir/internal/contract"
	"weir/internal/validate"
)

func render(t *testing.T, value string, show bool, vs ...validate.Violation) string {
	t.Helper()
	r := input()
	r.Value = []byte(value)
	d := New(r, flights, "sha256:5f0c", vs, rejected)
	d.Topic, d.Partition, d.Offset = "flights.dead", 3, 118
	l, err := Read(d)
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := l.Render(&b, Rendering{ShowValue: show, Zone: zone, Width: 100}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestRenderMarksTheFaultsUnderTheValue(t *testing.T) {
	got := render(t, string(input().Value), true, unknown, mistyped)
	want := `flights.dead 3/118   from flights.raw 3/90412   2013-02-11 14:02:07 EST   key EWR-1545
rejected by flights@1.2.0 at 2026-11-22 09:02:08 EST   2 violations   attempt 1   cause ` + Cause("flights", []validate.Violation{unknown, mistyped}) + `

  1   known-carrier   carrier is not one of the 16 known
  2   distance-type   distance is text

  {"time_hour":"2013-02-11T19:00:00Z","carrier":"ZZ","flight":1545,"distance":"1400 mi"}
                                                ▔▔▔▔                          ▔▔▔▔▔▔▔▔▔
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestRenderMarksTheFirstByteThatIsNoJSON(t *testing.T) {
	broken := validate.Violation{Rule: "json", Severity: contract.Error}
	for value, marked := range map[string]string{
		`{"a":1,}`:         `      ▔`,
		`{"a":NaN}`:        `     ▔`,
		`{"a":1`:           `      ▔`,
		"{\"a\":\"\xff\"}": `      ▔▔▔▔`,
		`{"a":1} {`:        `        ▔`,
	} {
		lines := strings.Split(strings.TrimSuffix(render(t, value, true, broken), "\n"), "\n")
		if got := strings.TrimPrefix(lines[len(lines)-1], "  "); got != marked {
			t.Errorf("%q: got %q, want %q", value, got, marked)
		}
	}
}

func TestRenderEscapesWhatATerminalWouldObey(t *testing.T) {
	got := render(t, "{\"a\":\"\x1b]0;pwned\x07\u202e\r\n\x9b\"}", true, validate.Violation{Rule: "json", Severity: contract.Error, Found: "\x1b[2J", Message: "a\u0085b"})
	for _, bad := range []string{"\x1b", "\x07", "\u202e", "\r", "\x9b", "\u0085"} {
		if strings.Contains(got, bad) {
			t.Errorf("got %q, which holds %q", got, bad)
		}
	}
	if !strings.Contains(got, `\u001b]0;pwned\u0007\u202e\r\n\x9b`) {
		t.Errorf("got %s, want the escapes to be legible", got)
	}
}

func TestRenderShowsNothingOfTheRecordUnlessAsked(t *testing.T) {
	masked := unknown
	masked.Found = "string of 2 characters"
	got := render(t, `{"carrier":"ZZ","secret":"s3cret"}`, false, masked)
	if strings.Contains(got, "s3cret") || strings.Contains(got, "ZZ") || strings.Contains(got, "EWR-1545") {
		t.Errorf("got %s, want no byte of the record", got)
	}
}

func TestRenderShortensALongValueAroundItsFaults(t *testing.T) {
	value := `{"pad":"` + strings.Repeat("x", 100_000) + `","carrier":"ZZ","more":"` + strings.Repeat("y", 100_000) + `"}`
	got := render(t, value, true, unknown)
	if len(got) > 4000 || strings.Count(got, "▔") != 4 || strings.Count(got, "…") != 2 || !strings.Contains(got, `"carrier":"ZZ"`) {
		t.Errorf("got %d bytes:\n%.2000s", len(got), got)
	}
}
