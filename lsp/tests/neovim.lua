-- Drives a real Neovim against the server; writes what it shows to $LYO_TEST_OUTPUT, as JSON.

local shown = {}

local function settings()
  return {
    name = 'lyo',
    cmd = { os.getenv('LYO'), 'lsp' },
    root_dir = vim.fn.getcwd(),
    init_options = { nonStrict = 'hints' },
    workspace_folders = { { uri = vim.uri_from_fname(vim.fn.getcwd()), name = 'work' } },
  }
end

local function codes()
  local found = {}
  for _, diagnostic in ipairs(vim.diagnostic.get(0)) do
    local code = diagnostic.code
    if code == nil and diagnostic.user_data then code = diagnostic.user_data.lsp.code end
    table.insert(found, { line = diagnostic.lnum, code = code or diagnostic.message })
  end
  table.sort(found, function(a, b) return a.line < b.line end)
  return found
end

local function wait_for(count)
  vim.wait(30000, function() return #vim.diagnostic.get(0) == count end, 20)
  return codes()
end

local function run()
  local client
  if vim.lsp.start then
    client = vim.lsp.start(settings())
  else
    client = vim.lsp.start_client(settings())
    vim.lsp.buf_attach_client(0, client)
  end
  shown.first = wait_for(1)
  vim.api.nvim_buf_set_lines(0, 0, 0, false, { 'print("😀é", 2)', 'y = 6 * 7' })
  shown.edited = wait_for(2)
  vim.api.nvim_win_set_cursor(0, { 2, 0 })
  local params = vim.lsp.util.make_position_params(0, 'utf-16')
  local answers = vim.lsp.buf_request_sync(0, 'textDocument/hover', params, 20000)
  for _, answer in pairs(answers or {}) do shown.hover = answer.result.contents.value end
  vim.api.nvim_buf_set_lines(0, 0, -1, false, { 'x = 1' })
  shown.mended = #wait_for(0)
  vim.lsp.stop_client(client)
end

local ok, problem = pcall(run)
if not ok then shown.problem = tostring(problem) end
local output = io.open(os.getenv('LYO_TEST_OUTPUT'), 'w')
output:write(vim.fn.json_encode(shown))
output:close()
vim.cmd('qall!')
