package contract

import (
	"fmt"
	"time"

	"weir/internal/window"
)

// defaultWindow is UTC days without lateness.
func defaultWindow() (window.Spec, error) {
	size, err := window.ParseSize("1d")
	return window.Spec{Size: size, Zone: time.UTC}, err
}

// zone resolves an IANA name; "Local" would depend on the machine.
func zone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return time.UTC, fmt.Errorf("timezone %q: want an IANA name such as Europe/Berlin", name)
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC, fmt.Errorf("timezone %q: want an IANA name such as Europe/Berlin", name)
	}
	return z, nil
}

// lateness reads a Go duration of whole seconds, or "0".
func lateness(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > 31*24*time.Hour || d%time.Second != 0 {
		return 0, fmt.Errorf("lateness %q: want whole seconds up to 744h, such as 90s, 15m or 2h", text)
	}
	return d, nil
}
