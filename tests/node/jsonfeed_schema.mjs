// node jsonfeed_schema.mjs json: what the published JSON Feed schema objects to in each document, formats included.
import Ajv from "ajv";
import addFormats from "ajv-formats";
import schema from "jsonfeed-schema";
import { answerEach } from "./documents.mjs";

const ajv = new Ajv({ allErrors: true });
addFormats(ajv);
const validate = ajv.compile(schema);

const sentence = (error) => `${error.instancePath || "/"} ${error.message} ${JSON.stringify(error.params)}`;

answerEach((document) => (validate(JSON.parse(document)) ? [] : validate.errors.map(sentence)));
