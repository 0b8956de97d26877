package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// FatalError ends a session for good: opening it again would meet the same, or fight another process for the same
// ids. Every other error a Session returns is cured by Close and Open with the same id.
type FatalError struct {
	Err  error
	Hint string // what an operator does about it; may be empty
}

func (e *FatalError) Error() string { return withHint(e.Err, e.Hint) }
func (e *FatalError) Unwrap() error { return e.Err }

// PartitionError is one partition that cannot be read on until somebody acts. The others flow.
type PartitionError struct {
	Partition Partition
	Err       error
	Hint      string
	From, To  int64 // offsets [From, To) lost to retention or deletion; equal when nothing is known to be lost
}

func (e *PartitionError) Error() string {
	err := e.Err
	if e.To > e.From {
		err = fmt.Errorf("offsets %d to %d are lost: %w", e.From, e.To-1, e.Err)
	}
	return fmt.Sprintf("read %s: %s", e.Partition, withHint(err, e.Hint))
}
func (e *PartitionError) Unwrap() error { return e.Err }

// ConnectionError is a cluster that cannot be reached or refuses us. It never holds a secret.
type ConnectionError struct {
	Brokers []string
	Err     error
	Hint    string
}

func (e *ConnectionError) Error() string {
	return fmt.Sprintf("connect to %s: %s", strings.Join(e.Brokers, ","), withHint(e.Err, e.Hint))
}
func (e *ConnectionError) Unwrap() error { return e.Err }

// Refusal is one record a broker (or the client, for size) would not take. A broker refuses whole batches: the
// neighbours of a bad record in its batch are listed with the same error.
type Refusal struct {
	Index int // in the slice given to Commit
	Err   error
}

// ProduceError lists the refused records of an aborted transaction.
type ProduceError struct{ Refused []Refusal } // by index, never empty

func (e *ProduceError) Error() string {
	return fmt.Sprintf("produce %d records: refused, first record %d: %v", len(e.Refused), e.Refused[0].Index, e.Refused[0].Err)
}

// Unwrap gives the first refusal's error.
func (e *ProduceError) Unwrap() error { return e.Refused[0].Err }

func withHint(err error, hint string) string {
	if hint == "" {
		return err.Error()
	}
	return err.Error() + "; " + hint
}

// fatal names the errors that opening the session again does not cure, with what to do. It returns nil for others.
func fatal(err error, group, id string) error {
	hint := ""
	switch {
	case errors.Is(err, kerr.FencedInstanceID):
		hint = fmt.Sprintf("another process is member %s of group %s: give each process an instance name of its own", id, group)
	case errors.Is(err, kerr.ProducerFenced):
		hint = fmt.Sprintf("another process uses transactional id %s: give each process an instance name of its own", id)
	case errors.Is(err, kerr.GroupAuthorizationFailed):
		hint = fmt.Sprintf("grant Read and Describe on group %s", group)
	case errors.Is(err, kerr.TransactionalIDAuthorizationFailed):
		hint = fmt.Sprintf("grant Write and Describe on transactional ids with prefix %s.", group)
	case errors.Is(err, kerr.ClusterAuthorizationFailed):
		hint = "grant IdempotentWrite on the cluster"
	case errors.Is(err, kerr.InvalidGroupID), errors.Is(err, kerr.InconsistentGroupProtocol):
		hint = fmt.Sprintf("group %s belongs to another kind of consumer: choose another group", group)
	case errors.Is(err, kerr.GroupMaxSizeReached):
		hint = fmt.Sprintf("group %s is full (broker setting group.max.size)", group)
	case errors.Is(err, kerr.InvalidTransactionTimeout):
		hint = fmt.Sprintf("the broker's transaction.max.timeout.ms is below %s", transactionTimeout)
	case errors.Is(err, kerr.InvalidSessionTimeout):
		hint = fmt.Sprintf("the broker's group.min.session.timeout.ms and group.max.session.timeout.ms must span %s", sessionTimeout)
	case errors.Is(err, kerr.SaslAuthenticationFailed):
		hint = "check user and password"
	default:
		return nil
	}
	return &FatalError{Err: err, Hint: hint}
}

// ofSession names the produce errors that say something about the session, not about the record.
func ofSession(err error) bool {
	for _, e := range []error{
		kgo.ErrAborting, kgo.ErrClientClosed, kgo.ErrRecordTimeout, kgo.ErrRecordRetries, context.Canceled, context.DeadlineExceeded,
		kerr.ProducerFenced, kerr.InvalidProducerEpoch, kerr.InvalidProducerIDMapping, kerr.UnknownProducerID,
		kerr.OutOfOrderSequenceNumber, kerr.DuplicateSequenceNumber, kerr.InvalidTxnState, kerr.TransactionAbortable,
		kerr.TransactionCoordinatorFenced, kerr.ConcurrentTransactions, kerr.TransactionalIDAuthorizationFailed,
		kerr.ClusterAuthorizationFailed, kerr.NotCoordinator, kerr.CoordinatorNotAvailable, kerr.CoordinatorLoadInProgress,
		kerr.SaslAuthenticationFailed,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
