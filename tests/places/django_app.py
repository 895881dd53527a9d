"""
Django's sync views, with one client for all threads: ``gunicorn --threads 64 django_app``.

Forked workers (``--preload -w 4``) have it, too: in each of them it begins anew.
"""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path

from publora_sync import Publora

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"])

publora = Publora()
publora.connections.list()  # a key that is wrong is found before the first request


def accounts(_: HttpRequest, user_id: str) -> JsonResponse:
    return JsonResponse(publora.connections.list(user_id=user_id).to_dict())


urlpatterns = [path("accounts/<user_id>", accounts)]
application = get_wsgi_application()
