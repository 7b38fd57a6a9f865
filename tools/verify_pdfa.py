"""Holds every form, blank and filled in, against PDF/A-2b with veraPDF, brought by Maven (needs Java and mvn).

`verify_pdfa.py`: prints each form that does not conform, with the clauses; ends with 1 if there is one.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from benhan.node.printing import papers_to_pdf
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
      try (var parser = Foundries.defaultInstance().createParser(new FileInputStream(file), PDFAFlavour.PDFA_2_B)) {
        var result = Foundries.defaultInstance().createValidator(PDFAFlavour.PDFA_2_B, false).validate(parser);
        var clauses = new TreeSet<String>();
        for (var each : result.getTestAssertions())
          if (each.getStatus() == TestAssertion.Status.FAILED)
            clauses.add(each.getRuleId().getClause() + " " + each.getMessage());
        if (!result.isCompliant()) { wrong++; System.out.println(file + ": " + clauses); }
      }
    }
    System.out.println(files.length + " PDF/A-2b files, " + wrong + " wrong");
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
        command = ["java", "-cp", classpath, "Verify", *printed(folder)]
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


if __name__ == "__main__":
    sys.exit(main())
