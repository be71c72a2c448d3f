package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"mcdns/daemon/control"
)

// controlTime is what the daemon may take to answer: `mcdns query` waits for
// DNS servers that do not answer.
const controlTime = 30 * time.Second

// Status is what `mcdns status` says on the host. It is asked of the daemon
// directly: to start a program for each look would keep the machine busy.
func (h *Host) Status() (status control.Status, err error) {
	return status, h.ask("/status", nil, &status)
}

// Peers is what `mcdns peers` says on the host.
func (h *Host) Peers() (peers control.Peers, err error) {
	return peers, h.ask("/peers", nil, &peers)
}

// Query is what `mcdns query` says on the host about a name or an address: the
// same lookup as the module's, timed in the daemon.
func (h *Host) Query(name string) (answer control.Answer, err error) {
	return answer, h.ask("/query", url.Values{"name": {name}}, &answer)
}

func (h *Host) ask(path string, values url.Values, v any) error {
	ctx, cancel := context.WithTimeout(context.Background(), controlTime)
	defer cancel()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: h.dialControl}}
	target := url.URL{Scheme: "http", Host: h.Name, Path: path, RawQuery: values.Encode()}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("lab: mcdnsd on %s: %w", h.Name, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s", strings.TrimSpace(string(body)))
	}
	if err == nil {
		err = json.Unmarshal(body, v)
	}
	if err != nil {
		return fmt.Errorf("lab: mcdnsd on %s: %s: %w", h.Name, path, err)
	}
	return nil
}

// dialControl connects from the host: mcdnsd serves its own network namespace alone.
func (h *Host) dialControl(ctx context.Context, _, _ string) (c net.Conn, err error) {
	err = h.Do(func() error {
		var d net.Dialer
		c, err = d.DialContext(ctx, "unix", "/run/mcdns/control.sock")
		return err
	})
	return c, err
}
