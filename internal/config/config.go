// Package config reads weir.yaml: one file per environment, with route files included and secrets by reference.
// In goes a path, out comes a Config with every default filled in, or every fault at once with file, line, column,
// excerpt and remedy. A fault inside a route stops that route only; any other fault stops the load. It opens no
// connection and does not look into contracts.
package config

import (
	"log/slog"
	"os"
	"regexp"
	"strings"
	"time"
)

// Config is one environment's configuration.
type Config struct {
	File        string    `yaml:"-"` // path it was read from, "" when built by Default
	Kafka       Kafka     `yaml:"kafka"`
	Environment string    `yaml:"environment"` // label on every event, metric and report; default "default"
	Group       string    `yaml:"group"`       // consumer group; prefix of transactional ids and of weir's own topics
	Instance    string    `yaml:"instance"`    // name of this process in its group; default the host's name
	Sessions    int       `yaml:"sessions"`    // transactional sessions per stage in this process; default 1
	Contracts   string    `yaml:"contracts"`   // folder of contracts; default "contracts" beside the file
	Routes      []Route   `yaml:"routes"`      // the sound ones, included files' last
	Limits      Limits    `yaml:"limits"`
	Telemetry   Telemetry `yaml:"telemetry"`
	HTTP        HTTP      `yaml:"http"`

	Stopped  []Stopped `yaml:"-"` // routes and route files with faults; they do not run
	Warnings []Problem `yaml:"-"` // dangerous but permitted
}

// Stopped is a route that cannot run, or a whole route file when it could not be read.
type Stopped struct {
	Name     string // the route's name, the file's path for a whole file
	File     string
	Route    Route     // as far as it could be read; empty for a whole file
	Problems []Problem // never empty
}

// Kafka is how to reach the cluster.
type Kafka struct {
	Brokers  []string `yaml:"brokers"`   // host:port
	ClientID string   `yaml:"client_id"` // default "weir"
	TLS      TLS      `yaml:"tls"`
	SASL     SASL     `yaml:"sasl,omitempty"`
}

// TLS is on when enabled, or when any other of its keys is given and enabled is not false.
type TLS struct {
	Enabled            bool   `yaml:"enabled"`
	CA                 PEM    `yaml:"ca,omitempty"`   // authorities to trust instead of the system's
	Cert               PEM    `yaml:"cert,omitempty"` // client certificate, for mTLS
	Key                Secret `yaml:"key,omitempty"`  // its private key, PEM
	KeyFile            string `yaml:"-"`              // where the key came from, "" when it stands in the configuration itself
	ServerName         string `yaml:"server_name,omitempty"`
	InsecureSkipVerify bool   `yaml:"insecure_skip_verify,omitempty"` // for development only; always warned about
}

// SASL is off when Mechanism is empty.
type SASL struct {
	Mechanism      string `yaml:"mechanism,omitempty"` // PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512
	User           string `yaml:"user,omitempty"`
	Password       Secret `yaml:"password,omitempty"`
	AllowPlaintext bool   `yaml:"allow_plaintext,omitempty"` // PLAIN without TLS shows the password to the network
}

// Mechanisms weir speaks.
const (
	Plain       = "PLAIN"
	ScramSHA256 = "SCRAM-SHA-256"
	ScramSHA512 = "SCRAM-SHA-512"
)

// Mode is how much a route may touch.
type Mode string

const (
	Observe Mode = "observe" // reads only
	Mark    Mode = "mark"    // forwards everything and tells the verdict in a header
	Enforce Mode = "enforce" // forwards valid records, the others become dead letters
)

// Tombstones is what happens to records without a value.
type Tombstones string

const (
	PassTombstones   Tombstones = "pass" // a deletion must reach the features
	RejectTombstones Tombstones = "reject"
)

// UnknownFields is what happens to fields the contract does not declare.
type UnknownFields string

const (
	AllowUnknown  UnknownFields = "allow"
	NoticeUnknown UnknownFields = "notice" // forward, and count a warning per field
	RejectUnknown UnknownFields = "reject"
)

// Start is where a group without committed offsets begins.
type Start string

const (
	Earliest Start = "earliest"
	Latest   Start = "latest"
)

// Route binds an input topic to a contract.
type Route struct {
	Name             string        `yaml:"name"` // default the input
	Input            string        `yaml:"input"`
	Contract         string        `yaml:"contract"` // name@version
	Mode             Mode          `yaml:"mode"`     // default observe
	Output           string        `yaml:"output,omitempty"`
	DeadLetters      string        `yaml:"dead_letters"` // default <input>.dead
	Tombstones       Tombstones    `yaml:"tombstones"`
	UnknownFields    UnknownFields `yaml:"unknown_fields"`
	Annotate         bool          `yaml:"annotate"`                    // add the header weir.contract to valid records
	AcceptUnenforced []string      `yaml:"accept_unenforced,omitempty"` // ids of rules enforce mode may leave unchecked
	Start            Start         `yaml:"start"`
	IdleTimeout      time.Duration `yaml:"idle_timeout"` // a partition without valid records for so long holds no window open
	MaxFuture        time.Duration `yaml:"max_future"`   // event times further ahead of the record's own do not move the watermark

	File string `yaml:"-"` // where it is written, for messages
	Line int    `yaml:"-"`
}

// Limits bound what one record and one cycle may cost.
type Limits struct {
	MaxRecordBytes Size          `yaml:"max_record_bytes"` // value and key and headers; larger ones are dead letters
	MaxPollRecords int           `yaml:"max_poll_records"` // per cycle and session
	CommitInterval time.Duration `yaml:"commit_interval"`  // commits of a session are at least so far apart
}

// Telemetry is logging; metrics and traces are pushed where the standard OTEL_* variables say.
type Telemetry struct {
	LogLevel  slog.Level `yaml:"log_level"`  // debug, info, warn or error
	LogFormat LogFormat  `yaml:"log_format"` // auto: text on a terminal, json elsewhere
}

// LogFormat is how log lines look.
type LogFormat string

const (
	LogAuto LogFormat = "auto"
	LogText LogFormat = "text"
	LogJSON LogFormat = "json"
)

// HTTP is where probes and metrics are served.
type HTTP struct {
	Listen      string `yaml:"listen"` // host:port, "" for none
	AllowRemote bool   `yaml:"allow_remote,omitempty"`
}

// Default is the configuration of an empty file; brokers, group and routes are still missing from it.
func Default() *Config {
	return &Config{
		Kafka:       Kafka{ClientID: "weir"},
		Environment: "default",
		Instance:    instanceName(os.Hostname()),
		Sessions:    1,
		Contracts:   "contracts",
		Limits:      Limits{MaxRecordBytes: 1 << 20, MaxPollRecords: 5000, CommitInterval: 50 * time.Millisecond},
		Telemetry:   Telemetry{LogLevel: slog.LevelInfo, LogFormat: LogAuto},
		HTTP:        HTTP{Listen: "127.0.0.1:8080"},
	}
}

// DefaultRoute is the route of an input and a contract about which nothing else is said: observed from the start.
func DefaultRoute(input, contract string) Route {
	return Route{Name: input, Input: input, Contract: contract, Mode: Observe, DeadLetters: input + ".dead",
		Tombstones: PassTombstones, UnknownFields: AllowUnknown, Annotate: true, Start: Earliest,
		IdleTimeout: 30 * time.Second, MaxFuture: time.Hour}
}

// Err is every fault of the stopped routes as an *Error, nil when all routes are sound: what --strict refuses.
func (c *Config) Err() error {
	var all []Problem
	for _, s := range c.Stopped {
		all = append(all, s.Problems...)
	}
	if len(all) == 0 {
		return nil
	}
	return &Error{Problems: all}
}

// instanceName makes a host name fit for transactional ids and client ids.
func instanceName(host string, err error) string {
	if err != nil {
		return "weir"
	}
	name := strings.Trim(unfit.ReplaceAllString(host, "-"), "-.")
	if name == "" {
		return "weir"
	}
	return name
}

var (
	unfit     = regexp.MustCompile(`[^A-Za-z0-9._-]+`)
	topicName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,249}$`) // Kafka's legal topic names, "." and ".." apart
	fitName   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
)
