package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"

	"mcdns/daemon/control"
)

// maxReply bounds what is read of a reply: a long list of peers is 1 MB.
const maxReply = 64 << 20

// get asks mcdnsd and decodes the reply into v; with --json it prints the reply
// as well, and says so.
func (e *env) get(ctx context.Context, path string, query url.Values, v any) (printed bool, err error) {
	body, err := e.fetch(ctx, path, query)
	if err != nil {
		return false, err
	}
	if err := speaks(path, body); err != nil {
		return false, e.stranger(err)
	}
	if err := json.Unmarshal(body, v); err != nil {
		return false, e.stranger(err)
	}
	if e.json {
		_, err = e.out.Write(body)
	}
	return e.json, err
}

// schemas are those that this command reads, by path.
var schemas = map[string]string{
	"/status": control.StatusSchema, "/peers": control.PeersSchema, "/query": control.AnswerSchema,
	"/cache": control.CacheSchema, "/drill": control.DrillSchema,
	"/reach": control.ReachSchema,
}

// speaks says what is wrong if mcdnsd is of a version that says things otherwise.
func speaks(path string, body []byte) error {
	var is struct{ Schema string }
	if err := json.Unmarshal(body, &is); err != nil {
		return err
	}
	if want := schemas[path]; is.Schema != want {
		return fmt.Errorf("it speaks %q, not %q", is.Schema, want)
	}
	return nil
}

// stranger says that what listens there makes no sense.
func (e *env) stranger(err error) error {
	return &failure{
		code: exitNoDaemon, err: fmt.Errorf("%s: no mcdnsd that this mcdns can talk to: %w", e.socket, err),
		hint: "are mcdns and mcdnsd of one version? After an upgrade: systemctl restart mcdnsd",
	}
}

// fetch asks mcdnsd and returns what it says.
func (e *env) fetch(ctx context.Context, path string, query url.Values) (body []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	var d net.Dialer
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return d.DialContext(ctx, "unix", e.socket)
		},
	}}
	target := url.URL{Scheme: "http", Host: "mcdnsd", Path: path, RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, e.explain(ctx, err)
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return nil, e.explain(ctx, err)
	}
	if resp.StatusCode == http.StatusForbidden {
		return nil, &failure{
			code: exitPermission, err: fmt.Errorf("mcdnsd says: %s", strings.TrimSpace(string(body))),
			hint: "run mcdns on the host itself, or set programs.beyond in mcdnsd.conf(5)",
		}
	}
	if resp.StatusCode == http.StatusUnauthorized {
		return nil, &failure{
			code: exitPermission, err: fmt.Errorf("mcdnsd says: %s", strings.TrimSpace(string(body))),
			hint: "run it as root (sudo), or join the group: adduser $USER mcdns, and log in again",
		}
	}
	if resp.StatusCode == http.StatusNotFound {
		return nil, e.stranger(fmt.Errorf("it has no %s", path))
	}
	if resp.StatusCode == http.StatusBadRequest {
		return nil, &failure{code: exitUsage, err: fmt.Errorf("mcdnsd says: %s", strings.TrimSpace(string(body)))}
	}
	if resp.StatusCode != http.StatusOK {
		return nil, &failure{code: exitNoAnswer, err: fmt.Errorf("mcdnsd says: %s", strings.TrimSpace(string(body)))}
	}
	return body, nil
}

// explain turns what the socket said into what to do about it.
func (e *env) explain(ctx context.Context, err error) error {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return quiet(exitInterrupted) // who pressed ^C knows
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &failure{
			code: exitTimeout, err: fmt.Errorf("mcdnsd did not answer within %v: it is frozen, or this machine is overloaded", e.timeout), dead: true,
			hint: "systemctl restart mcdnsd; why it is so: journalctl -u mcdnsd",
		}
	case errors.Is(err, fs.ErrPermission):
		return &failure{code: exitPermission, err: fmt.Errorf("%s: permission denied", e.socket)}
	case errors.Is(err, syscall.ECONNREFUSED) && !isSocket(e.socket):
		return &failure{code: exitNoDaemon, err: fmt.Errorf("%s is not a socket", e.socket), hint: "mcdnsd listens on " + ControlSocket}
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return &failure{
			code: exitNoDaemon, err: fmt.Errorf("mcdnsd is not running (nobody listens on %s)", e.socket),
			hint: "systemctl start mcdnsd", dead: true,
		}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return &failure{
			code: exitNoDaemon, err: errors.New("mcdnsd hung up before it answered: it was stopped, or killed because it was frozen"),
			hint: "ask again; why it ended: journalctl -u mcdnsd", dead: true,
		}
	}
	return &failure{code: exitNoDaemon, err: fmt.Errorf("%s: %w", e.socket, err), hint: "systemctl status mcdnsd"}
}

// isSocket: the kernel refuses a file just as it refuses a socket that nobody
// listens on.
func isSocket(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&fs.ModeSocket != 0
}
