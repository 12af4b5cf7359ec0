"""Pictures of articles over the API."""

from marshmallow import Schema, fields


class PictureOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    file_name = fields.String(required=True, metadata={"description": "What a text names it by: `![words](picture:<file name>)`"})
    size = fields.Integer(required=True)
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)


class PicturesOut(Schema):
    data = fields.List(fields.Nested(PictureOut), required=True, metadata={"description": "In the order in which they came"})
