"""A hospital's page of deployment at its node: what its figures show, what to do next, whether the portal knows."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from benhan.access.routes import route
from benhan.kernel.permissions import Permission
from benhan.node.deployment.measuring import Measuring
from benhan.node.deployment.reporting import Reports
from benhan.vn.deployment.criteria import SETS
from benhan.vn.deployment.judging import counted, judge, next_things
from benhan.web.pages import Site, page, render


class DeploymentPages:
    """The one page; papers are put at the portal and not looked at here."""

    def __init__(self, site: Site, measuring: Measuring, reports: Reports, portal_url: str) -> None:
        self._site = site
        self._measuring = measuring
        self._reports = reports
        self._portal_url = portal_url

    def routes(self) -> list[BaseRoute]:
        return [route("/deployment", page(self._site, self.show), permission=Permission.DEPLOYMENT_VIEW)]

    async def show(self, request: Request) -> Response:
        sent = await self._reports.state()
        signals = await self._measuring.signals(sent.signals if sent is not None else None, walks=False)
        measured = judge(signals, None, signals.made_at)
        return render(
            request,
            self._site,
            "deployment.html",
            judged={name: [each for each in measured if each.criterion.set == name] for name in SETS},
            counts={name: counted(measured, name) for name in SETS},
            next=next_things(measured),
            sent=sent,
            portal_url=self._portal_url,
            signals=signals,
        )
