"""flask: an app, two requests"""

import flask

app = flask.Flask("bench")


@app.get("/")
def index():
    return "ready"


@app.get("/item/<int:number>")
def item(number):
    return flask.jsonify(number=number)


client = app.test_client()
assert client.get("/").data == b"ready"
assert client.get("/item/3").json == {"number": 3}
