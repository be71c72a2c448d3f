package transparency

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"mcdns/test/lab"
)

const pool = `
import multiprocessing, socket
def look(i): return socket.getaddrinfo("probe.example", 80, type=socket.SOCK_STREAM)[0][4][0] in ("192.0.2.7", "2001:db8::7")
look(0)
with multiprocessing.get_context("fork").Pool(4) as p: print(all(p.map(look, range(500))))
`

const nodeLookups = `
const dns = require("dns"); let ok = 0;
for (let i = 0; i < 200; i++) dns.lookup("probe.example", (e, a) => { ok += !e; if (i == 199) setTimeout(() => console.log(ok), 200); });
`

const javaSource = `
import java.net.*;
import java.util.concurrent.atomic.*;
public class Look {
	static String none;
	public static void main(String[] a) throws Exception {
		AtomicInteger failed = new AtomicInteger();
		Thread[] threads = new Thread[16];
		for (int i = 0; i < 16; i++) {
			threads[i] = new Thread(() -> {
				for (int n = 0; n < 200; n++)
					try { InetAddress.getAllByName("probe.example"); } catch (Exception e) { failed.incrementAndGet(); }
			});
			threads[i].start();
		}
		int caught = 0;
		for (int i = 0; i < 100000; i++)
			try { none.length(); } catch (NullPointerException e) { caught++; }
		System.gc();
		for (Thread t : threads) t.join();
		int code = new ProcessBuilder("/bin/true").start().waitFor();
		System.out.println(failed + " " + caught + " " + code);
	}
}
`

// buildJava compiles the Java program; empty: there is no javac.
func buildJava(t *testing.T) string {
	t.Helper()
	javac, err := exec.LookPath("javac")
	if err != nil {
		if os.Getenv("MCDNS_TEST_REQUIRE") != "" {
			t.Error("javac is not installed")
		}
		return ""
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Look.java"), []byte(javaSource), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(javac, "-d", dir, filepath.Join(dir, "Look.java")).CombinedOutput(); err != nil {
		t.Fatalf("javac: %v\n%s", err, out)
	}
	return dir
}

// buildGo compiles a Go program that resolves through libc, and so has a second
// Go runtime beside that of the c-shared build.
func buildGo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lookups")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", path, "./test/nss/transparency/testdata/lookups")
	cmd.Dir = lab.Top()
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}
