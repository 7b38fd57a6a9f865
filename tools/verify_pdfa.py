"""Holds every form, blank and filled in, against PDF/A-2b, and a record with data and signatures against PDF/A-3b, with
veraPDF, brought by Maven (needs Java and mvn).

`verify_pdfa.py`: prints each form that does not conform, with the clauses; ends with 1 if there is one.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import typst

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.clocks import StoppedClock

from benhan.kernel.ids import SystemRandom
from benhan.node.printing import Attachment, papers_to_pdf
from benhan.signing.batch import Services, sign_pdfs
from benhan.signing.pades import Appearance, Place
from benhan.signing.timestamps import stamping
from benhan.testing.pki import TestPki
from benhan.vn.forms.catalogue import Catalogue

VERAPDF = "1.26.1"
POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>benhan</groupId><artifactId>verify-pdfa</artifactId><version>1</version>
<properties><maven.compiler.source>11</maven.compiler.source><maven.compiler.target>11</maven.compiler.target></properties>
<dependencies><dependency><groupId>org.verapdf</groupId><artifactId>validation-model</artifactId>
<version>{VERAPDF}</version></dependency></dependencies></project>"""
JAVA = """
import java.io.FileInputStream;
import java.util.TreeSet;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;

public class Verify {
  public static void main(String[] files) throws Exception {
    VeraGreenfieldFoundryProvider.initialise();
    int wrong = 0;
    for (String file : files) {
      var flavour = file.startsWith("signed") ? PDFAFlavour.PDFA_3_B : PDFAFlavour.PDFA_2_B;
      try (var parser = Foundries.defaultInstance().createParser(new FileInputStream(file), flavour)) {
        var result = Foundries.defaultInstance().createValidator(flavour, false).validate(parser);
        var clauses = new TreeSet<String>();
        for (var each : result.getTestAssertions())
          if (each.getStatus() == TestAssertion.Status.FAILED)
            clauses.add(each.getRuleId().getClause() + " " + each.getMessage());
        if (!result.isCompliant()) { wrong++; System.out.println(file + ": " + clauses); }
      }
    }
    System.out.println(files.length + " PDF/A files, " + wrong + " wrong");
    System.exit(wrong == 0 ? 0 : 1);
  }
}
"""


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "src/main/java").mkdir(parents=True)
        (folder / "pom.xml").write_text(POM, encoding="utf-8")
        (folder / "src/main/java/Verify.java").write_text(JAVA, encoding="utf-8")
        build = ["mvn", "-q", "-B", "package", "dependency:build-classpath", "-Dmdep.outputFile=classpath"]
        subprocess.run(build, cwd=folder, check=True)
        classpath = f"target/classes:{(folder / 'classpath').read_text(encoding='utf-8')}"
        command = ["java", "-cp", classpath, "Verify", *printed(folder), *signed(folder)]
        return subprocess.run(command, cwd=folder, check=False, stderr=subprocess.DEVNULL).returncode


def printed(folder: Path) -> list[str]:
    """The names of the printed forms: blank, and with words in every text."""
    names = []
    for number, form in enumerate(Catalogue().forms()):
        words = {
            name: "Người bệnh tỉnh, tiếp xúc tốt. " * 9
            for name, field in form.fields.items()
            if field.kind.value.endswith("text")
        }
        for kind, answers in (("blank", {}), ("filled", words)):
            names.append(f"{number:02}-{form.number.replace('/', '-')}-{kind}.pdf")
            (folder / names[-1]).write_bytes(papers_to_pdf([(form, answers)], datetime(2026, 1, 1, tzinfo=UTC)))
    return names


def signed(folder: Path) -> list[str]:
    """The names of a record with data inside, and of it signed twice to B-LTA, once with a picture."""
    at = datetime(2026, 11, 26, 8, tzinfo=UTC)
    data = Attachment("ho-so.fhir.json", b"{}", "application/fhir+json", "FHIR")
    paper = papers_to_pdf(
        [(Catalogue().on("01/BV-01", at.date()), {"ho_ten": "Nguyễn Văn Thử"})], at, attachments=[data]
    )
    (folder / "signed-0.pdf").write_bytes(paper)
    pki = TestPki(folder, StoppedClock(at))
    services = Services(pki.trust, pki.ask, stamping(pki.post, SystemRandom()))
    picture = typst.Compiler().compile(
        {"main.typ": b"#set page(width: 200pt, height: 60pt)\nBS"}, pdf_standards=["a-3b"]
    )
    assert isinstance(picture, bytes)
    places = {
        "nurse": Place("DieuDuong"),
        "doctor": Place("BacSi", appearance=Appearance(0, (300, 90, 500, 150), picture)),
    }

    async def sign(pdf: bytes, who: str) -> bytes:
        files = sign_pdfs([(pdf, places[who])], pki.signer(who), services, at)
        return [each.pdf async for each in files].pop()

    for number, who in enumerate(places, 1):
        paper = asyncio.run(sign(paper, who))
        (folder / f"signed-{number}.pdf").write_bytes(paper)
    return [f"signed-{number}.pdf" for number in range(len(places) + 1)]


if __name__ == "__main__":
    sys.exit(main())
