package clients

import "context"

// Users that are no user of the machine. The kernel gives neither number to one.
const (
	// Listener asks for all who speak DNS to mcdnsd: who they are cannot be told.
	Listener = 1<<32 - 2
	// Daemon is mcdnsd itself.
	Daemon = 1<<32 - 1
)

type userKey struct{}

// WithUser says for whom something is asked.
func WithUser(ctx context.Context, user uint32) context.Context {
	return context.WithValue(ctx, userKey{}, user)
}

// User is for whom it is asked, Daemon if nobody has said.
func User(ctx context.Context) uint32 {
	if user, ok := ctx.Value(userKey{}).(uint32); ok {
		return user
	}
	return Daemon
}
