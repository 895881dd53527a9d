"""Streamlit, with one client for all sessions and reruns: ``streamlit run streamlit_app.py``."""

import streamlit as st

from publora_sync import Publora, PubloraError


@st.cache_resource
def client() -> Publora:
    return Publora()


st.title("Accounts")
user_id = st.query_params.get("user") or st.text_input("Managed user")
if user_id:
    try:
        accounts = client().connections.list(user_id=user_id)
    except PubloraError as error:
        st.error(str(error))
    else:
        st.dataframe(accounts.to_pandas(), hide_index=True)
        for account in accounts.needs_attention():
            st.warning(f"{account.platform_id}: {account.status}")
