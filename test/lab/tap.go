package lab

import (
	"errors"
	"fmt"
	"os"
)

// TapHeader is how many bytes stand before the Ethernet header of a Tap's frame:
// a virtio_net_hdr. A frame that was read can be written again as it is; one made
// anew has zeros there and its checksums in place.
const TapHeader = vnetHeader

// Tap is somebody on the LAN who is no host: it hears every frame, those between
// two hosts too, and sends frames with any address.
type Tap struct{ file *os.File }

// Tap plugs one in. It needs a LAN on a bridge: no Config.Switch.
func (l *LAN) Tap() (*Tap, error) {
	if l.bridge == nil {
		return nil, errors.New("lab: a tap needs a bridge")
	}
	fd, err := packetSocket(l.bridge.Attrs().Index)
	if err != nil {
		return nil, fmt.Errorf("lab: open a tap: %w", err)
	}
	return &Tap{os.NewFile(uintptr(fd), "tap")}, nil
}

// Read waits for the next frame: TapHeader bytes, then the Ethernet header. After
// Close the error is os.ErrClosed.
func (t *Tap) Read(frame []byte) (int, error) { return t.file.Read(frame) }

// Send puts a frame on the LAN.
func (t *Tap) Send(frame []byte) error {
	_, err := t.file.Write(frame)
	return err
}

// Close pulls the plug.
func (t *Tap) Close() error { return t.file.Close() }
