"""A console whose one page shows who is looking and what they typed: for trying the way in, really served."""

import streamlit as st

if __name__ == "__main__":
    from core import sessions
    from web.cookies import session_cookie

    principal = sessions.principal_for(st.context.cookies.get(session_cookie()))
    if principal is None:
        st.text("signed out")
        st.stop()
    st.text(f"seen by {principal.name} as {principal.role} from {principal.ip}")
    st.session_state.setdefault("draft", f"draft of {principal.name}")
    st.text(st.session_state["draft"])
    if "fault" in st.query_params:
        raise ValueError("Key (email)=(jane@example.com) exists")
    if "look" in st.query_params:
        st.dataframe({"a": [1, 2]}, key="grid")
        st.line_chart({"a": [1, 2]})
        st.plotly_chart({"data": [{"type": "bar", "y": [1, 2]}]}, key="chart")
        st.download_button("take", b"secret,rows", "rows.csv", key="take")
else:
    from web.app import lifespan, middleware, on_script_error, routes

    app = st.App(__file__, routes=routes, middleware=middleware, lifespan=lifespan, on_script_error=on_script_error)
